// The values per thread, on Linux.

#include "platform/thread_values.h"

namespace pymemflow::platform {

constinit thread_local void* thread_values[kThreadValues] = {};

}  // namespace pymemflow::platform
