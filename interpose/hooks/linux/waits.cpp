// The functions that wait for a child. See waits.h.

#include "interpose/hooks/linux/waits.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>

#include "interpose/originals/originals.h"
#include "platform/clock.h"
#include "platform/here.h"

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
pid_t wait_for_own(Wait wait) {
  for (;;) {
    const pid_t child = wait();
    if (!has_met_it(child)) return child;
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
  for (;;) {
    const int outcome = real.waitid(which, child, found, options);
    if (outcome != 0 || found == nullptr) return outcome;
    const bool is_only_seen = (options & WNOWAIT) != 0;
    const bool is_it = is_only_seen ? found->si_pid == std::atomic_ref(hidden_child).load()
                                    : has_met_it(found->si_pid);
    if (!is_it || found->si_pid == 0) return outcome;
  }
}
