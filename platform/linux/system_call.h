#pragma once
// System calls without the C library's wrappers, for the Linux files alone. A wrapper may set
// errno, cancel the thread or be hooked by the program. May be called anywhere on any thread.

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

namespace pymemflow::platform {

// Widens an argument to 64 bits. The kernel reads all of them, and a compiler need not write the
// upper half of an int that is passed on the stack (the sixth argument of a call).
template <typename Argument>
long word_of(Argument argument) {
  if constexpr (std::is_null_pointer_v<Argument>) {
    return 0;
  } else if constexpr (std::is_pointer_v<Argument>) {
    return reinterpret_cast<long>(argument);
  } else {
    return static_cast<long>(argument);
  }
}

// The C library's syscall() reports through errno; the caller's must survive.
template <typename... Arguments>
long system_call(long number, Arguments... arguments) {
  const int saved = errno;
  const long result = ::syscall(number, word_of(arguments)...);
  const long outcome = result == -1 ? -errno : result;
  errno = saved;
  return outcome;
}

inline bool failed(long outcome) {
  return outcome < 0 && outcome > -4096;
}

}  // namespace pymemflow::platform
