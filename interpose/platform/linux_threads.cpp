// What a thread has for itself, on Linux.

#include "interpose/platform/thread_values.h"

namespace pymemflow::interpose::platform {

constinit thread_local void* thread_values[kThreadValues] = {};

}  // namespace pymemflow::interpose::platform
