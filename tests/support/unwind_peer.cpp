// A library to preload into any program: compares walks of its C stack with libunwind's, in
// malloc() and at the instructions that follow some of these calls. Writes the outcome at the end
// of each process to $PMF_UNWIND_PEER, as "name value" lines, in one file per process.
//
//   PMF_UNWIND_EVERY   compares in each call of malloc() whose number is a multiple of this

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "early_end.h"
#include "interpose/unwind/rules.h"
#include "stack_of_thread.h"
#include "walk_comparison.h"

extern "C" void* __libc_malloc(std::size_t bytes);

namespace {

using namespace pymemflow::interpose;

constexpr unsigned kSteps = 12;  // instructions after a call

WalkComparison* comparison = nullptr;
std::atomic<std::size_t> every{0};  // 0: not yet, or no longer
std::atomic<std::size_t> calls{0};
// Walks of several threads at once would mix their counts.
std::atomic_flag is_comparing = ATOMIC_FLAG_INIT;

thread_local bool is_busy = false;
thread_local StackRange stack = {};
thread_local unsigned steps_left = 0;

template <typename From>
void compare(const From& from) {
  if (is_comparing.test_and_set()) return;
  comparison->compare(from, stack);
  is_comparing.clear();
}

#if defined(__x86_64__)

void set_trap_flag(ucontext_t& context, bool traps) {
  constexpr greg_t kTrapFlag = 0x100;
  greg_t& flags = context.uc_mcontext.gregs[REG_EFL];
  flags = traps ? flags | kTrapFlag : flags & ~kTrapFlag;
}

// A system call might block SIGTRAP, and the next step would then end the process.
bool is_system_call(const ucontext_t& context) {
  const auto* const code =
      reinterpret_cast<const unsigned char*>(context.uc_mcontext.gregs[REG_RIP]);
  return code[0] == 0x0f && code[1] == 0x05;
}

// The processor raises SIGTRAP after each instruction while the trap flag is set.
void step(int, siginfo_t*, void* given) {
  auto& context = *static_cast<ucontext_t*>(given);
  if (steps_left == 0 || is_busy) return set_trap_flag(context, false);
  is_busy = true;
  --steps_left;
  // A greenlet may have switched to another stack.
  const auto sp = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  if (sp >= stack.start && sp < stack.end) compare(context);
  if (steps_left == 0 || is_system_call(context)) set_trap_flag(context, false);
  is_busy = false;
}

void begin_steps() {
  sigset_t blocked;
  if (::pthread_sigmask(SIG_SETMASK, nullptr, &blocked) != 0 || ::sigismember(&blocked, SIGTRAP)) {
    return;
  }
  steps_left = kSteps;
  __asm__ volatile(
      "sub $128, %%rsp\n\t"
      "pushfq\n\t"
      "orq $0x100, (%%rsp)\n\t"
      "popfq\n\t"
      "lea 128(%%rsp), %%rsp" ::
          : "memory", "cc");
}

void take_steps() {
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  action.sa_sigaction = step;
  ::sigaction(SIGTRAP, &action, nullptr);
}

#else
void begin_steps() {}
void take_steps() {}
#endif

[[gnu::noinline]] void look() {
  const Registers here = own_registers();
  if (stack.end == 0) stack = own_stack();
  if (here.sp >= stack.start && here.sp < stack.end) compare(here);
}

const char* reason(std::uintptr_t pc) {
  switch (early_end(pc)) {
    case EarlyEnd::NoData:
      return "no unwind data";
    case EarlyEnd::CfaElsewhere:
      return "CFA in another register";
    case EarlyEnd::PcElsewhere:
      return "return address in another register";
    default:
      return "unknown";
  }
}

__attribute__((constructor)) void begin() {
  is_busy = true;
  const char* const text = std::getenv("PMF_UNWIND_EVERY");
  comparison = new WalkComparison;
  if (prepare_rules() && comparison->has_peer()) {
    take_steps();
    every = text == nullptr ? 100 : std::strtoul(text, nullptr, 10);
  }
  is_busy = false;
}

__attribute__((destructor)) void end() {
  is_busy = true;
  every = 0;
  const char* const name = std::getenv("PMF_UNWIND_PEER");
  if (name == nullptr) return;
  FILE* const file =
      std::fopen((std::string(name) + "." + std::to_string(::getpid())).c_str(), "w");
  if (file == nullptr) return;
  const ComparisonCounts counts = comparison->counts();
  std::fprintf(file,
               "peer %d\nwalks %zu\nframes %zu\ndifferent %zu\nwithout_rule %zu\nunread %zu\n",
               comparison->has_peer() ? 1 : 0, counts.walks, counts.frames, counts.different,
               counts.without_rule, counts.unread);
  std::fprintf(file, "peer_shorter %zu\nrules %zu\n", counts.peer_shorter,
               static_cast<std::size_t>(count_rules().compiled));
  const auto where = [&](std::uintptr_t pc) {
    Dl_info found = {};
    ::dladdr(reinterpret_cast<void*>(pc - 1), &found);
    const auto base = reinterpret_cast<std::uintptr_t>(found.dli_fbase);
    std::fprintf(file, " %s+0x%zx", found.dli_fname == nullptr ? "?" : found.dli_fname,
                 pc - 1 - base);
  };
  for (const WalkComparison::Early& early : comparison->early()) {
    std::fprintf(file, "early %zu %s", early.walks, reason(early.pc));
    where(early.pc);
    std::fprintf(file, "\n");
  }
  if (counts.different != 0) {
    std::fprintf(file, "difference");
    for (const std::uintptr_t pc : comparison->first_difference()) where(pc);
    std::fprintf(file, "\n");
  }
  std::fclose(file);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void* malloc(std::size_t bytes) {
  const std::size_t turn = every.load(std::memory_order_relaxed);
  if (turn == 0 || is_busy || ++calls % turn != 0) return __libc_malloc(bytes);
  is_busy = true;
  if (calls / turn % 100 == 0) note_loaded_code();
  look();
  is_busy = false;
  void* const block = __libc_malloc(bytes);
  begin_steps();
  return block;
}

extern "C" __attribute__((visibility("default"))) int dlclose(void* library) {
  static const auto original = reinterpret_cast<int (*)(void*)>(::dlsym(RTLD_NEXT, "dlclose"));
  const int outcome = original(library);
  forget_rules({0, ~std::uintptr_t{0}});
  return outcome;
}
