#pragma once
// Keeps errno across system calls, for the macOS files alone: system calls are only available
// through wrappers there, which set errno. Any thread.

#include <cerrno>

namespace pymemflow::platform {

class KeptErrno {
 public:
  KeptErrno() : saved_(errno) {}
  ~KeptErrno() { errno = saved_; }
  KeptErrno(const KeptErrno&) = delete;
  KeptErrno& operator=(const KeptErrno&) = delete;

 private:
  const int saved_;
};

}  // namespace pymemflow::platform
