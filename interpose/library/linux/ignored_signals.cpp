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

// A handler rather than SIG_IGN: a program that another thread starts meanwhile would inherit that.
void do_nothing(int, siginfo_t*, void*) {}

bool is_ignored(const platform::SignalAction& action) {
  return action.handler == reinterpret_cast<void*>(SIG_IGN);
}

}  // namespace

IgnoredSignals::IgnoredSignals() {
  const platform::SignalAction nothing = platform::action_of(do_nothing, 0);
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (is_left_alone(signal)) continue;
    platform::set_action(signal, nullptr, &before_[signal]);
    if (!is_ignored(before_[signal])) platform::set_action(signal, &nothing, nullptr);
  }
}

IgnoredSignals::~IgnoredSignals() {
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (is_left_alone(signal) || stays_ignored(signal)) continue;
    platform::set_action(signal, &before_[signal], nullptr);
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
