#pragma once
// Raw system calls, for the Linux layer alone: where the C library's wrapper might set errno,
// cancel the thread or be interposed by the program. Any thread, any place.

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

namespace pymemflow::platform {

// A whole word of each argument: the kernel looks at 64 bits also where an int was meant, and of an
// int that goes by the stack (the sixth of a call) a compiler need not write the upper half.
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
