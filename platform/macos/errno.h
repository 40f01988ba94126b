#pragma once
// errno across the system calls of the macOS layer, for that layer alone: there is no way around
// the C library's wrappers there, and they set it. Any thread.

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
