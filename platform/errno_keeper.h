#pragma once
// Preserves the caller's errno across system calls: those of the recorder's slow paths, and on
// macOS all of them, since they are only available through wrappers that set it. Any thread.

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
