#pragma once
// The action of a signal, by system calls alone, for Linux files alone: the C library's sigaction()
// refuses the signals that the library keeps for itself, and another library may replace it. Any
// thread, also inside a hook.

#include <signal.h>

#include "platform/linux/held_signals.h"
#include "platform/linux/system_call.h"

namespace pymemflow::platform {

// The kernel's struct sigaction.
struct SignalAction {
  void* handler;
  unsigned long flags;
  void* restorer;
  SignalSet mask;
};

using SignalHandler = void (*)(int signal, siginfo_t* info, void* context);

// The action that runs `handler`, on the thread's alternate stack if it has one, with the signals
// of `mask` blocked. Most system calls that it interrupts are restarted.
SignalAction action_of(SignalHandler handler, SignalSet mask);

// Reads and sets the action. A null pointer leaves it as it is, or does not read it.
inline long set_action(int signal, const SignalAction* action, SignalAction* before) {
  return system_call(SYS_rt_sigaction, signal, action, before, sizeof(SignalSet));
}

}  // namespace pymemflow::platform
