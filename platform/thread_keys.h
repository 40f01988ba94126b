#pragma once
// The place where pthread_getspecific() finds the values of a thread, so that a hook can read one
// by two loads. Known for glibc, which tells it to debuggers; elsewhere the function has to be
// called.

#include <cstddef>
#include <cstdint>

namespace pymemflow::platform {

// The value of one key on one thread. pthread_getspecific() returns it if it is not null and the
// sequence is that of the key: the key was not deleted, and created again, since.
struct KeyValue {
  std::uintptr_t sequence;  // odd
  const void* value;
};

// The values of these keys are in the thread's own structure. Later keys have tables elsewhere.
inline constexpr std::size_t kNearKeys = 32;

// Returns the distance from pthread_self() to the KeyValue of key 0, the same on every thread; 0:
// unknown. At start-up only: takes the loader's lock.
std::size_t find_near_key_values();

// Returns what pthread_getspecific() returns for this key.
const void* key_value(std::size_t key);

}  // namespace pymemflow::platform
