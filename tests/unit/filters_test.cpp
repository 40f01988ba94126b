// The examination of filters of system calls (interpose/hooks/linux/filters.h).

#include "interpose/hooks/linux/filters.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstddef>
#include <vector>

namespace pymemflow::interpose {
namespace {

using Code = std::vector<sock_filter>;

constexpr std::uint32_t kKill = SECCOMP_RET_KILL_PROCESS;

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter load_call() {
  return load(offsetof(seccomp_data, nr));
}
sock_filter jump(int kind, long value, int if_true, int if_false) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | kind | BPF_K),
                  static_cast<std::uint32_t>(value), static_cast<std::uint8_t>(if_true),
                  static_cast<std::uint8_t>(if_false));
}
sock_filter end(std::uint32_t outcome) {
  return BPF_STMT(BPF_RET | BPF_K, outcome);
}

bool permits(Code code, long call) {
  const sock_fprog program = {.len = static_cast<std::uint16_t>(code.size()),
                              .filter = code.data()};
  return permits_call(&program, call);
}

// Everything but getpid() ends the process.
Code getpid_alone(std::uint32_t outcome) {
  return {load_call(), jump(BPF_JEQ, SYS_getpid, 0, 1), end(outcome), end(kKill)};
}

TEST(Filters, TellCallsApart) {
  EXPECT_TRUE(permits(getpid_alone(SECCOMP_RET_ALLOW), SYS_getpid));
  EXPECT_FALSE(permits(getpid_alone(SECCOMP_RET_ALLOW), SYS_gettid));
  EXPECT_FALSE(
      permits({load_call(), jump(BPF_JEQ, SYS_getpid, 0, 1), end(kKill), end(SECCOMP_RET_ALLOW)},
              SYS_getpid));
}

TEST(Filters, PermitACallThatFailsAndNoneThatIsFatalOrHandled) {
  for (const std::uint32_t outcome :
       {SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_ERRNO | 1U, SECCOMP_RET_TRACE}) {
    EXPECT_TRUE(permits(getpid_alone(outcome), SYS_getpid)) << outcome;
  }
  for (const std::uint32_t outcome :
       {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP}) {
    EXPECT_FALSE(permits(getpid_alone(outcome), SYS_getpid)) << outcome;
  }
}

TEST(Filters, ArgumentsCountByTheWorst) {
  const auto by_argument = [](std::uint32_t if_zero, std::uint32_t otherwise) {
    return Code{load(offsetof(seccomp_data, args)), jump(BPF_JEQ, 0, 0, 1), end(if_zero),
                end(otherwise)};
  };
  EXPECT_TRUE(permits(by_argument(SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO), SYS_getpid));
  EXPECT_FALSE(permits(by_argument(kKill, SECCOMP_RET_ALLOW), SYS_getpid));
  EXPECT_FALSE(permits(by_argument(SECCOMP_RET_ALLOW, kKill), SYS_getpid));
  // Both ways of the comparison are followed from where it stands.
  const Code far = {load(offsetof(seccomp_data, args)), jump(BPF_JEQ, 0, 2, 0), end(kKill),
                    end(SECCOMP_RET_ALLOW), end(SECCOMP_RET_ALLOW)};
  EXPECT_FALSE(permits(far, SYS_getpid));
}

TEST(Filters, FollowEachKindOfComparison) {
  const Code masked = {load_call(), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0), jump(BPF_JEQ, 0, 0, 1),
                       end(SECCOMP_RET_ALLOW), end(kKill)};
  EXPECT_TRUE(permits(masked, SYS_getpid));
  const auto by = [](int kind, long value) {
    return Code{load_call(), jump(kind, value, 0, 1), end(SECCOMP_RET_ALLOW), end(kKill)};
  };
  EXPECT_TRUE(permits(by(BPF_JGT, SYS_getpid - 1), SYS_getpid));
  EXPECT_FALSE(permits(by(BPF_JGT, SYS_getpid), SYS_getpid));
  EXPECT_TRUE(permits(by(BPF_JGE, SYS_getpid), SYS_getpid));
  EXPECT_FALSE(permits(by(BPF_JGE, SYS_getpid + 1), SYS_getpid));
  EXPECT_TRUE(permits(by(BPF_JSET, SYS_getpid), SYS_getpid));
  EXPECT_FALSE(permits(by(BPF_JSET, ~long{SYS_getpid}), SYS_getpid));
}

TEST(Filters, OneThatCannotBeExaminedPermitsNothing) {
  EXPECT_FALSE(permits_call(nullptr, SYS_getpid));
  EXPECT_FALSE(permits({}, SYS_getpid));
  // Steps past its end.
  EXPECT_FALSE(permits({load_call(), jump(BPF_JEQ, SYS_getpid, 5, 5)}, SYS_getpid));
  const sock_fprog unreadable = {.len = 2, .filter = reinterpret_cast<sock_filter*>(16)};
  EXPECT_FALSE(permits_call(&unreadable, SYS_getpid));
}

}  // namespace
}  // namespace pymemflow::interpose
