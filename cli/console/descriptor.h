#pragma once
// A descriptor that is closed with its owner. One thread.

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace pymemflow::cli {

class Descriptor {
 public:
  // Takes over the descriptor; -1: none.
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

// Opens a file for reading. O_NONBLOCK and O_NOCTTY keep a pipe from blocking, and a device from
// having an effect. -1: errno says why.
inline int open_for_reading(const std::string& path, int flags = 0) {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
}

}  // namespace pymemflow::cli
