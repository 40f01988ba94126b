#pragma once
// While an object of this class exists, no signal from outside acts on any thread of the process.
// Without the library the process would have ended by now, so a timer whose handler is gone, a
// Ctrl-C, or the limit of processor time must not end it before its report. Faults still end it.

#include "platform/linux/signal_action.h"

namespace pymemflow::interpose {

class IgnoredSignals {
 public:
  IgnoredSignals();
  // Those that came meanwhile are dropped. The signals of timers stay ignored.
  ~IgnoredSignals();
  IgnoredSignals(const IgnoredSignals&) = delete;
  IgnoredSignals& operator=(const IgnoredSignals&) = delete;

 private:
  static constexpr int kSignals = 64;

  platform::SignalAction before_[kSignals + 1];
};

}  // namespace pymemflow::interpose
