// The hook of pthread_create(): with probes on, a thread that Python creates is probed before it
// starts.

#include <pthread.h>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/threads.h"
#include "pyframe/tracing/probes.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(int, pthread_create)
(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
 void* argument) noexcept {
  if (recording.probes) {
    pymemflow::pyframe::probe_new_thread(platform::thread_self());
  }
  return real.pthread_create(thread, attributes, start, argument);
}
