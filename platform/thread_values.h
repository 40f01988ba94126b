#pragma once
// One word per thread for each purpose below; null until the thread sets it. Reading and writing
// never allocate, so both are allowed in any hook, on any thread, in a signal handler.
//
// On Linux these are thread-locals in the initial-exec model: a read is one load, and a preloaded
// library always finds room for their 24 bytes. macOS allocates a library's thread-locals by
// malloc() at their first use on each thread. There they are keys, whose words exist in every
// thread from its start.

#include <cstddef>

#ifdef __APPLE__
#  include <pthread.h>
#endif

namespace pymemflow::platform {

enum class ThreadValue : std::size_t {
  Writer,     // the writer of the thread (interpose/recording/writer.h)
  DyingCode,  // the code objects whose destructors run (pyframe/code_death.cpp)
  IsAsking,   // the interpreter is being asked for a thread state (pyframe/interpreter.cpp)
};
inline constexpr std::size_t kThreadValues = 3;

// Whether the first use of a library's thread-local on a thread may call malloc(), even in a
// library that was loaded at the start.
#ifdef __APPLE__
inline constexpr bool kThreadLocalsMayAllocate = true;
#else
inline constexpr bool kThreadLocalsMayAllocate = false;
#endif

#ifdef __APPLE__

// 0: not created yet. The system never gives out key 0.
extern constinit pthread_key_t thread_keys[kThreadValues];

// Call before any value is set. Further calls have no effect.
void make_thread_values();

inline void* thread_value(ThreadValue which) {
  const pthread_key_t key = thread_keys[static_cast<std::size_t>(which)];
  return key != 0 ? ::pthread_getspecific(key) : nullptr;
}
inline void set_thread_value(ThreadValue which, void* value) {
  const pthread_key_t key = thread_keys[static_cast<std::size_t>(which)];
  if (key != 0) ::pthread_setspecific(key, value);
}

#else

extern constinit thread_local void* thread_values[kThreadValues]
    __attribute__((tls_model("initial-exec")));

inline void make_thread_values() {}

__attribute__((always_inline)) inline void* thread_value(ThreadValue which) {
  return thread_values[static_cast<std::size_t>(which)];
}
inline void set_thread_value(ThreadValue which, void* value) {
  thread_values[static_cast<std::size_t>(which)] = value;
}

#endif

}  // namespace pymemflow::platform
