#pragma once
// Preserves the caller's errno across the system calls of the recorder's slow paths. Any thread.

#include <cerrno>

namespace pymemflow::platform {

class ErrnoKeeper {
 public:
  ErrnoKeeper() : saved_(errno) {}
  ~ErrnoKeeper() { errno = saved_; }
  ErrnoKeeper(const ErrnoKeeper&) = delete;
  ErrnoKeeper& operator=(const ErrnoKeeper&) = delete;

 private:
  const int saved_;
};

}  // namespace pymemflow::platform
