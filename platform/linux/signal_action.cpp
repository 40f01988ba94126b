#include "platform/linux/signal_action.h"

namespace pymemflow::platform {
namespace {

#ifdef __x86_64__
constexpr unsigned long kRestorer = 0x04000000;  // SA_RESTORER

// The return from a handler, which the kernel does not provide on this processor. Debuggers and
// unwinders know a signal's frame by these bytes.
__attribute__((naked)) void return_from_handler() {
  __asm__("movq %0, %%rax\n\tsyscall" : : "i"(SYS_rt_sigreturn));
}
#endif

}  // namespace

SignalAction action_of(SignalHandler handler, SignalSet mask) {
  SignalAction action = {reinterpret_cast<void*>(handler), SA_SIGINFO | SA_ONSTACK | SA_RESTART,
                         nullptr, mask};
#ifdef __x86_64__
  action.flags |= kRestorer;
  action.restorer = reinterpret_cast<void*>(return_from_handler);
#endif
  return action;
}

}  // namespace pymemflow::platform
