// Walks at each instruction of a program, compared with libunwind's: in prologues and epilogues, in
// the loader and the C library, and while exceptions are thrown.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "early_end.h"
#include "interpose/unwind/rules.h"
#include "stack_of_thread.h"
#include "walk_comparison.h"

#if defined(__x86_64__)

namespace pymemflow::interpose {
namespace {

WalkComparison& comparison() {
  static WalkComparison* const the = new WalkComparison;
  return *the;
}

std::size_t steps_left = 0;
StackRange stepped_stack;

void set_trap_flag(ucontext_t& context, bool traps) {
  constexpr greg_t kTrapFlag = 0x100;
  greg_t& flags = context.uc_mcontext.gregs[REG_EFL];
  flags = traps ? flags | kTrapFlag : flags & ~kTrapFlag;
}

// The processor raises SIGTRAP after each instruction while the trap flag is set.
void compare_at_step(int, siginfo_t*, void* context) {
  auto& interrupted = *static_cast<ucontext_t*>(context);
  comparison().compare(interrupted, stepped_stack);
  set_trap_flag(interrupted, --steps_left != 0);
}
void begin_steps(int, siginfo_t*, void* context) {
  set_trap_flag(*static_cast<ucontext_t*>(context), true);
}

std::string name_of(std::uintptr_t pc) {
  Dl_info found = {};
  if (::dladdr(reinterpret_cast<void*>(pc - 1), &found) == 0) return "?";
  std::ostringstream name;
  name << found.dli_fname << "+0x" << std::hex
       << pc - 1 - reinterpret_cast<std::uintptr_t>(found.dli_fbase);
  return name.str();
}

double work_of_libraries(int round) {
  std::map<std::string, double> values;
  for (int i = 0; i < 5; ++i) {
    char text[64];
    std::snprintf(text, sizeof text, "%d/%g", i * round, std::sqrt(i + round));
    values[text] = std::strtod(text, nullptr);
  }
  std::vector<std::string> sorted;
  for (const auto& [name, value] : values) sorted.push_back(name);
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  std::qsort(sorted.data(), 0, sizeof sorted[0], [](const void*, const void*) { return 0; });
  std::ostringstream out;
  try {
    out << sorted.at(0) << std::pow(1.5, round) << std::regex_match("aab", std::regex("a+b"));
    out << sorted.at(static_cast<std::size_t>(round) + 100);
  } catch (const std::out_of_range& thrown) {
    out << thrown.what();
  }
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  std::free(::realloc(std::malloc(100), 10'000 + 1'000'000 * static_cast<std::size_t>(round % 2)));
  return static_cast<double>(out.str().size());
}

[[gnu::noinline]] double nest(int depth, int round) {
  if (depth == 0) return work_of_libraries(round);
  volatile double below = nest(depth - 1, round);
  return below + 1;
}

TEST(UnwindSteps, AreLibunwindsAtEachInstruction) {
  ASSERT_TRUE(prepare_rules());
  if (!comparison().has_peer()) GTEST_SKIP() << "libunwind.so.8 is missing";
#  if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers intercept signals";
#  endif
  const bool is_long = std::getenv("PMF_LONG") != nullptr;
  stepped_stack = own_stack();
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = compare_at_step;
  ::sigaction(SIGTRAP, &action, nullptr);
  action.sa_sigaction = begin_steps;
  ::sigaction(SIGUSR2, &action, nullptr);
  const std::size_t steps = is_long ? 1'000'000 : 20'000;
  steps_left = steps;
  double sum = 0;
  ::raise(SIGUSR2);
  for (int round = 0; steps_left != 0; ++round) {
    sum += nest(round % 7, round);
  }
  EXPECT_GT(sum, 0);
  const ComparisonCounts counts = comparison().counts();
  const auto [callee, ours, theirs] = comparison().first_difference();
  EXPECT_EQ(counts.different, 0U) << std::hex << "0x" << callee << ": 0x" << ours << " not 0x"
                                  << theirs;
  EXPECT_EQ(counts.walks, steps);
  for (const auto& [pc, walks] : comparison().early()) {
    const EarlyEnd reason = early_end(pc);
    EXPECT_TRUE(reason == EarlyEnd::CfaElsewhere || reason == EarlyEnd::PcElsewhere)
        << walks << " walks end early at " << name_of(pc);
  }
  std::cout << "soak: " << counts.walks << " walks at each instruction, " << counts.frames
            << " frames: " << counts.different << " different from libunwind's, "
            << counts.without_rule << " ended without a rule, " << counts.unread
            << " outside the stack, libunwind shorter " << counts.peer_shorter << "\n";
}

}  // namespace
}  // namespace pymemflow::interpose

#endif
