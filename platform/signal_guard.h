#pragma once
// Holds back the signals of the calling thread while it lives, so that no handler of the program
// runs there. May be used inside a hook: takes no lock, allocates nothing and keeps errno.

#include <cstdint>

namespace pymemflow::platform {

class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  std::uint64_t before_ = 0;  // the system's own set of signals
  bool holds_ = false;
};

}  // namespace pymemflow::platform
