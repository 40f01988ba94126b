#include "interpose/hooks/late_threads.h"

#include <pthread.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "interpose/originals/originals.h"
#include "platform/here.h"
#include "platform/process.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

// The process whose threads are held; 0: none. A forked child may find its parent's here.
constinit std::atomic<std::uint32_t> holding{0};

bool are_held() {
  const std::uint32_t process = holding.load(std::memory_order_relaxed);
  return process != 0 && process == platform::process_id();
}

void sleep_ms(long milliseconds) {
  const timespec time = {.tv_sec = 0, .tv_nsec = milliseconds * 1'000'000};
  ::nanosleep(&time, nullptr);
}

// Holds the calling thread until one second after the report is done. The process should have ended
// by then; if not, an exit handler that runs after ours may be waiting for this thread.
void hold() {
  const int saved = errno;
  while (are_held()) sleep_ms(10);
  sleep_ms(1000);
  errno = saved;
}

}  // namespace

void hold_late_threads_during(void (*work)(EndKind kind), EndKind kind) {
  holding.store(platform::process_id(), std::memory_order_relaxed);
  work(kind);
  holding.store(0, std::memory_order_relaxed);
}

}  // namespace pymemflow::interpose

PMF_HOOK(int, pthread_cond_timedwait)
(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  const int outcome = real.pthread_cond_timedwait(condition, mutex, until);
  if (are_held()) [[unlikely]]
    hold();
  return outcome;
}
