#include "interpose/library/linux/ignored_signals.h"

namespace pymemflow::interpose {
namespace {

using platform::only;
using platform::SignalSet;

// Real-time signals below this one are the C library's, for its threads.
#ifdef __GLIBC__
constexpr int kFirstRealTime = 34;
#else
constexpr int kFirstRealTime = 35;
#endif

// If SIGCHLD were ignored, the kernel would reap the program's children. Faults keep their effect.
constexpr SignalSet kLeftAlone = only(SIGKILL) | only(SIGSTOP) | only(SIGSEGV) | only(SIGBUS) |
                                 only(SIGFPE) | only(SIGILL) | only(SIGTRAP) | only(SIGSYS) |
                                 only(SIGABRT) | only(SIGCHLD) | only(SIGCONT);
static_assert(SIGSYS == 31);  // the last one before them

// Timers and input raise these, or a program does by timer_create() or fcntl(). They stay ignored
// in the moments that are left to the program: since Linux 6.13, a timer whose signal was ignored
// raises it as soon as it is not, and another thread would take it.
constexpr SignalSet kOfTimers = only(SIGALRM) | only(SIGVTALRM) | only(SIGPROF) | only(SIGUSR1) |
                                only(SIGUSR2) | only(SIGIO) | only(SIGXCPU);

constexpr bool stays_ignored(int signal) {
  return (kOfTimers & only(signal)) != 0 || signal >= kFirstRealTime;
}

constexpr bool is_left_alone(int signal) {
  return (kLeftAlone & only(signal)) != 0 || (signal > SIGSYS && signal < kFirstRealTime);
}

}  // namespace

long IgnoredSignals::set_action(int signal, const Action* action, Action* before) {
  return platform::system_call(SYS_rt_sigaction, signal, action, before, sizeof(SignalSet));
}

IgnoredSignals::IgnoredSignals() {
  const Action ignore = {reinterpret_cast<void*>(SIG_IGN), 0, nullptr, 0};
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (!is_left_alone(signal)) set_action(signal, &ignore, &before_[signal]);
  }
}

IgnoredSignals::~IgnoredSignals() {
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (is_left_alone(signal) || stays_ignored(signal)) continue;
    set_action(signal, &before_[signal], nullptr);
  }
  // A signal that all threads block waits, though it is ignored.
  SignalSet waiting = 0;
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (!is_left_alone(signal)) waiting |= only(signal);
  }
  const timespec no_time = {};
  while (platform::system_call(SYS_rt_sigtimedwait, &waiting, nullptr, &no_time, sizeof waiting) >
         0) {
  }
}

}  // namespace pymemflow::interpose
