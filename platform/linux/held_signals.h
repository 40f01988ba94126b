#pragma once
// Signals that this thread does not take for a moment, for Linux files alone: a system call of ours
// must not raise SIGPIPE or SIGXFSZ in the program, and no handler of the program may run while the
// library is at work on its end. By system calls alone: signals of the C library itself (32 and 33,
// by which a thread is cancelled) are held too. May be used on any thread, anywhere.

#include <signal.h>
#include <time.h>

#include <cstdint>

#include "platform/linux/system_call.h"

namespace pymemflow::platform {

// The kernel's set of signals, which is smaller than the C library's sigset_t.
using SignalSet = std::uint64_t;
inline constexpr SignalSet kAllSignals = ~SignalSet{0};
constexpr SignalSet only(int signal) {
  return SignalSet{1} << (signal - 1);
}

class HeldSignals {
 public:
  explicit HeldSignals(SignalSet held = kAllSignals) {
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, &held, &before_, sizeof before_);
    // A signal that was not blocked cannot have been pending.
    if ((before_ & held) != 0) system_call(SYS_rt_sigpending, &pending_before_, sizeof before_);
  }
  ~HeldSignals() {
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Removes a signal that a call of ours has raised on this thread. One that was pending before is
  // the program's.
  void take_back(int signal) const {
    if ((pending_before_ & only(signal)) != 0) return;
    const SignalSet one = only(signal);
    const timespec no_time = {};
    system_call(SYS_rt_sigtimedwait, &one, nullptr, &no_time, sizeof one);
  }

 private:
  SignalSet before_ = 0;
  SignalSet pending_before_ = 0;
};

}  // namespace pymemflow::platform
