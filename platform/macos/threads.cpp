// The values per thread, on macOS: keys, created once. They have no destructor, since a call of
// free() after it must still find the writer.

#include <atomic>

#include "platform/thread_values.h"

namespace pymemflow::platform {

constinit pthread_key_t thread_keys[kThreadValues] = {};

void make_thread_values() {
  static constinit std::atomic_flag are_made = ATOMIC_FLAG_INIT;
  if (are_made.test_and_set()) return;
  for (pthread_key_t& key : thread_keys) {
    if (::pthread_key_create(&key, nullptr) != 0) key = 0;
  }
}

}  // namespace pymemflow::platform
