#include "interpose/api.h"

#include <cerrno>

#include "interpose/recording.h"

#define PMF_EXPORT extern "C" __attribute__((visibility("default")))

PMF_EXPORT int pymemflow_start(void) {
  return pymemflow::interpose::set_paused(false) ? 0 : ESRCH;
}

PMF_EXPORT int pymemflow_stop(void) {
  return pymemflow::interpose::set_paused(true) ? 0 : ESRCH;
}
