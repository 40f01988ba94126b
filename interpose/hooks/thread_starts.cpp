#include "interpose/hooks/thread_starts.h"

#include <pthread.h>

#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/platform.h"
#include "pyframe/tracing/probes.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

using CreateThread = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

constinit CreateThread found_create_thread = nullptr;

}  // namespace

void find_thread_start() {
  found_create_thread = reinterpret_cast<CreateThread>(platform::find_original("pthread_create"));
}

}  // namespace pymemflow::interpose

PMF_HOOK(int, pthread_create)
(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
 void* argument) noexcept {
  if (found_create_thread == nullptr) find_thread_start();  // a constructor that runs before ours
  if (recording.probes) {
    pymemflow::pyframe::probe_new_thread(platform::thread_self());
  }
  return found_create_thread(thread, attributes, start, argument);
}
