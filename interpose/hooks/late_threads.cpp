#include "interpose/hooks/late_threads.h"

#include <pthread.h>
#include <time.h>

#include <atomic>
#include <cerrno>

#include "platform/here.h"
#include "platform/platform.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

using TimedWait = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);

constinit TimedWait found_timed_wait = nullptr;
constinit std::atomic<bool> are_held{false};

void sleep_ms(long milliseconds) {
  const timespec time = {.tv_sec = 0, .tv_nsec = milliseconds * 1'000'000};
  ::nanosleep(&time, nullptr);
}

// Ends some time after the report did: the process should be gone before, but an exit handler that
// runs after ours may wait for this thread.
void hold() {
  const int saved = errno;
  while (are_held.load(std::memory_order_relaxed)) sleep_ms(10);
  sleep_ms(1000);
  errno = saved;
}

}  // namespace

void find_waits() {
  found_timed_wait = reinterpret_cast<TimedWait>(platform::find_original("pthread_cond_timedwait"));
}

LateThreadsHeld::LateThreadsHeld() {
  are_held.store(true, std::memory_order_relaxed);
}

LateThreadsHeld::~LateThreadsHeld() {
  are_held.store(false, std::memory_order_relaxed);
}

}  // namespace pymemflow::interpose

PMF_HOOK(int, pthread_cond_timedwait)
(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  if (found_timed_wait == nullptr) find_waits();  // a constructor that runs before ours
  const int outcome = found_timed_wait(condition, mutex, until);
  if (are_held.load(std::memory_order_relaxed)) [[unlikely]]
    hold();
  return outcome;
}
