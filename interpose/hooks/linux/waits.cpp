// The functions that wait for a child. See waits.h.

#include "interpose/hooks/linux/waits.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>

#include "interpose/originals/originals.h"
#include "platform/clock.h"
#include "platform/here.h"
#include "platform/linux/system_call.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

// The process id of the hidden child; 0 if there is none.
constinit int hidden_child = 0;

// Whether a wait has returned the hidden child. If so, no child is hidden from then on.
bool has_met_it(pid_t child) {
  int expected = child;
  return child > 0 && std::atomic_ref(hidden_child).compare_exchange_strong(expected, 0);
}

template <typename Wait>
auto wait_for_own(Wait wait) {
  for (;;) {
    const auto child = wait();
    if (!has_met_it(static_cast<pid_t>(child))) return child;
  }
}

// Waits with waitid(), whose result is 0 and which stores the child that it found. `wait` is called
// with the place for it, which a program need not give.
template <typename Wait>
auto wait_for_own(siginfo_t* given, int options, Wait wait) {
  siginfo_t own{};
  siginfo_t* const found = given == nullptr ? &own : given;
  for (;;) {
    const auto outcome = wait(found);
    if (outcome != 0 || found->si_pid == 0) return outcome;
    const bool is_only_seen = (options & WNOWAIT) != 0;
    const bool is_it = is_only_seen ? found->si_pid == std::atomic_ref(hidden_child).load()
                                    : has_met_it(found->si_pid);
    if (!is_it) return outcome;
  }
}

}  // namespace

int* hide_next_child() {
  return &hidden_child;
}

void end_hiding(bool is_met_by_us) {
  // Limited, since a thread that calls the system itself instead of a hook never reports the child.
  constexpr int kMostMs = 100;
  for (int i = 0; !is_met_by_us && i < kMostMs && std::atomic_ref(hidden_child).load() != 0; ++i) {
    platform::sleep_us(1000);
  }
  std::atomic_ref(hidden_child).store(0);
}

long wait4_of_host(long child, long status, long options, long usage) {
  return wait_for_own(
      [=] { return platform::system_call_of_host(SYS_wait4, child, status, options, usage); });
}

long waitid_of_host(long which, long child, long found, long options, long usage) {
  return wait_for_own(
      reinterpret_cast<siginfo_t*>(found), static_cast<int>(options), [=](siginfo_t* at) {
        return platform::system_call_of_host(SYS_waitid, which, child, at, options, usage);
      });
}

}  // namespace pymemflow::interpose

PMF_HOOK(pid_t, wait)(int* status) {
  return wait_for_own([=] { return real.wait(status); });
}

PMF_HOOK(pid_t, waitpid)(pid_t child, int* status, int options) {
  return wait_for_own([=] { return real.waitpid(child, status, options); });
}

PMF_HOOK(pid_t, wait3)(int* status, int options, rusage* usage) noexcept {
  return wait_for_own([=] { return real.wait3(status, options, usage); });
}

PMF_HOOK(pid_t, wait4)(pid_t child, int* status, int options, rusage* usage) noexcept {
  return wait_for_own([=] { return real.wait4(child, status, options, usage); });
}

PMF_HOOK(int, waitid)(idtype_t which, id_t child, siginfo_t* found, int options) {
  return wait_for_own(found, options,
                      [=](siginfo_t* at) { return real.waitid(which, child, at, options); });
}
