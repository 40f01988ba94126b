#pragma once
// Raw system calls, for the Linux layer alone: where the C library's wrapper might set errno,
// cancel the thread or be interposed by the program. Any thread, any place.

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace pymemflow::interpose::platform {

// The C library's syscall() reports through errno; the caller's must survive.
template <typename... Arguments>
long system_call(long number, Arguments... arguments) {
  const int saved = errno;
  const long result = ::syscall(number, arguments...);
  const long outcome = result == -1 ? -errno : result;
  errno = saved;
  return outcome;
}

inline bool failed(long outcome) {
  return outcome < 0 && outcome > -4096;
}

}  // namespace pymemflow::interpose::platform
