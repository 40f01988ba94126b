#pragma once
// While one of these lives, no signal from outside acts on any thread of the process, which would
// be gone but for the report. A timer may outlive its handler, the user may lose patience, a limit
// of processor time may be reached: alone, the program would have ended before. Faults still end
// it.

#include "platform/linux/held_signals.h"

namespace pymemflow::interpose {

class IgnoredSignals {
 public:
  IgnoredSignals();
  // Those that came meanwhile are dropped.
  ~IgnoredSignals();
  IgnoredSignals(const IgnoredSignals&) = delete;
  IgnoredSignals& operator=(const IgnoredSignals&) = delete;

 private:
  static constexpr int kSignals = 64;
  // As the kernel has it.
  struct Action {
    void* handler;
    unsigned long flags;
    void* restorer;
    platform::SignalSet mask;
  };
  static long set_action(int signal, const Action* action, Action* before);

  Action before_[kSignals + 1];
};

}  // namespace pymemflow::interpose
