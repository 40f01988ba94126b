#include "interpose/hooks/linux/filters.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "platform/linux/system_call.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

// The calls of the recorder, and those by which the end of a process is made.
constexpr long kOwnCalls[] = {
    SYS_fstat,          SYS_mmap,         SYS_munmap,          SYS_mprotect,
    SYS_madvise,        SYS_fallocate,    SYS_pwrite64,        SYS_pwritev,
    SYS_lseek,          SYS_getpid,       SYS_gettid,          SYS_tgkill,
    SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigpending,   SYS_rt_sigtimedwait,
    SYS_clock_gettime,  SYS_nanosleep,    SYS_clock_nanosleep, SYS_write,
    SYS_ppoll,          SYS_clone,        SYS_wait4,           SYS_readlinkat,
    SYS_linkat,         SYS_unlinkat,     SYS_openat,          SYS_read,
    SYS_close,          SYS_faccessat,    SYS_fcntl,           SYS_prlimit64,
    SYS_fstatfs,        SYS_sysinfo,      SYS_uname,           SYS_sendfile,
    SYS_memfd_create,   SYS_unshare,      SYS_newfstatat,      SYS_process_vm_readv,
    SYS_pread64,        SYS_dup3,
#ifdef SYS_access
    SYS_access,
#endif
};

constexpr std::size_t kMostStates = std::size_t{4} * BPF_MAXINSNS;
constexpr int kMostSteps = 100'000;

// Runs a filter for one call on all the ways that its arguments can lead to.
class FilterRun {
 public:
  bool take(const sock_fprog& program) {
    length_ = program.len;
    return length_ > 0 && length_ <= BPF_MAXINSNS &&
           platform::copy_memory(code_, reinterpret_cast<std::uintptr_t>(program.filter),
                                 length_ * sizeof code_[0]);
  }

  // Whether an outcome is neither that the call is made nor that it is refused with an error.
  bool forbids(long call) {
    call_ = static_cast<std::uint32_t>(call);
    count_ = 0;
    for (std::uint64_t& word : has_been_unknown_) word = 0;
    push({0, false, 0});
    for (int steps = 0; count_ > 0; ++steps) {
      if (steps > kMostSteps || !step(states_[--count_])) return true;
    }
    return false;
  }

 private:
  // Before an instruction. The accumulator is the one register that is followed.
  struct State {
    std::uint32_t at;
    bool is_known;
    std::uint32_t value;
  };

  // False: the filter does not allow the call, or is not understood. Takes a copy, since the first
  // push overwrites the state in the list.
  bool step(State state) {
    if (state.at >= length_) return false;
    const sock_filter& now = code_[state.at];
    const std::uint32_t next = state.at + 1;
    switch (BPF_CLASS(now.code)) {
      case BPF_LD:
        return push(loaded(now, next));
      case BPF_ALU:
        if (now.code == (BPF_ALU | BPF_AND | BPF_K) && state.is_known) {
          return push({next, true, state.value & now.k});
        }
        return push({next, false, 0});
      case BPF_JMP:
        return jump(now, state);
      case BPF_RET:
        if (BPF_RVAL(now.code) == BPF_K) return is_allowed(now.k);
        return state.is_known && is_allowed(state.value);
      case BPF_MISC:
        return push(BPF_MISCOP(now.code) == BPF_TXA ? State{next, false, 0}
                                                    : State{next, state.is_known, state.value});
      default:  // the other register, and memory
        return push({next, state.is_known, state.value});
    }
  }

  State loaded(const sock_filter& now, std::uint32_t next) const {
    if (BPF_MODE(now.code) == BPF_IMM) return {next, true, now.k};
    if (BPF_MODE(now.code) != BPF_ABS) return {next, false, 0};
    if (now.k == offsetof(seccomp_data, nr)) return {next, true, call_};
    if (now.k == offsetof(seccomp_data, arch)) return {next, true, platform::kAuditArchitecture};
    return {next, false, 0};
  }

  bool jump(const sock_filter& now, const State& state) {
    const auto go = [&](std::uint32_t by) {
      return push({state.at + 1 + by, state.is_known, state.value});
    };
    if (BPF_OP(now.code) == BPF_JA) return go(now.k);
    if (!state.is_known || BPF_SRC(now.code) != BPF_K) return go(now.jt) && go(now.jf);
    bool is_taken = false;
    switch (BPF_OP(now.code)) {
      case BPF_JEQ:
        is_taken = state.value == now.k;
        break;
      case BPF_JGT:
        is_taken = state.value > now.k;
        break;
      case BPF_JGE:
        is_taken = state.value >= now.k;
        break;
      case BPF_JSET:
        is_taken = (state.value & now.k) != 0;
        break;
      default:
        return false;
    }
    return go(is_taken ? now.jt : now.jf);
  }

  bool push(const State& state) {
    if (state.at >= length_ || count_ == kMostStates) return false;
    if (!state.is_known) {
      std::uint64_t& word = has_been_unknown_[state.at / 64];
      const std::uint64_t bit = std::uint64_t{1} << state.at % 64;
      if ((word & bit) != 0) return true;
      word |= bit;
    }
    states_[count_++] = state;
    return true;
  }

  static bool is_allowed(std::uint32_t outcome) {
    const std::uint32_t action = outcome & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
           action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
  }

  sock_filter code_[BPF_MAXINSNS];
  std::uint32_t length_;
  std::uint32_t call_;
  State states_[kMostStates];
  std::size_t count_;
  std::uint64_t has_been_unknown_[BPF_MAXINSNS / 64];
};

// The first of the calls that the filter forbids; -1: it forbids none. A filter that cannot be
// examined forbids all.
long find_forbidden(const void* program, std::span<const long> calls) {
  sock_fprog head{};
  if (!platform::copy_memory(&head, reinterpret_cast<std::uintptr_t>(program), sizeof head)) {
    return calls.front();
  }
  // Not on the stack, which may be small.
  auto* const run = static_cast<FilterRun*>(platform::map_private(sizeof(FilterRun)));
  if (run == nullptr) return calls.front();
  long forbidden = run->take(head) ? -1 : calls.front();
  for (const long call : calls) {
    if (forbidden < 0 && run->forbids(call)) forbidden = call;
  }
  platform::unmap(run, sizeof(FilterRun));
  return forbidden;
}

}  // namespace

long find_forbidden_call(const void* program) {
  return find_forbidden(program, kOwnCalls);
}

bool permits_call(const void* program, long call) {
  return permits_calls(program, {&call, 1});
}

bool permits_calls(const void* program, std::span<const long> calls) {
  return find_forbidden(program, calls) < 0;
}

}  // namespace pymemflow::interpose
