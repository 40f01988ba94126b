// The values of thread keys, on macOS: the place is not documented.

#include "platform/thread_keys.h"

#include <pthread.h>

namespace pymemflow::platform {

std::size_t find_near_key_values() {
  return 0;
}

const void* key_value(std::size_t key) {
  return pthread_getspecific(static_cast<pthread_key_t>(key));
}

}  // namespace pymemflow::platform
