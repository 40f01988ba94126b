#include "interpose/hooks/late_threads.h"

#include <pthread.h>
#include <time.h>

#include <atomic>
#include <cerrno>

#include "interpose/originals/originals.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

constinit std::atomic<bool> are_held{false};

void sleep_ms(long milliseconds) {
  const timespec time = {.tv_sec = 0, .tv_nsec = milliseconds * 1'000'000};
  ::nanosleep(&time, nullptr);
}

// Holds the calling thread until one second after the report is done. The process should have ended
// by then; if not, an exit handler that runs after ours may be waiting for this thread.
void hold() {
  const int saved = errno;
  while (are_held.load(std::memory_order_relaxed)) sleep_ms(10);
  sleep_ms(1000);
  errno = saved;
}

}  // namespace

LateThreadsHeld::LateThreadsHeld() {
  are_held.store(true, std::memory_order_relaxed);
}

LateThreadsHeld::~LateThreadsHeld() {
  are_held.store(false, std::memory_order_relaxed);
}

}  // namespace pymemflow::interpose

PMF_HOOK(int, pthread_cond_timedwait)
(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  const int outcome = real.pthread_cond_timedwait(condition, mutex, until);
  if (are_held.load(std::memory_order_relaxed)) [[unlikely]]
    hold();
  return outcome;
}
