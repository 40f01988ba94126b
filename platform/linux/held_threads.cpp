#include "platform/linux/held_threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "platform/clock.h"
#include "platform/linux/signal_action.h"
#include "platform/path_text.h"

namespace pymemflow::platform {
namespace {

constexpr int kSignal = 33;
constexpr int kCode = -0x706d66;  // tells our signals from others; negative, as of sigqueue()
constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::size_t kMaxThreads = 4096;
constexpr std::uint32_t kTaken = std::uint32_t{1} << 31;
constexpr std::uint64_t kMostNs = 20'000'000;
constexpr long kRetryNs = 1'000'000;
constexpr long kGraceNs = 50'000'000;
constexpr long kCalls[] = {SYS_getdents64, SYS_rt_tgsigqueueinfo, SYS_futex, SYS_rt_sigreturn};

constinit std::atomic<bool> is_forbidden{false};
// The other threads: their ids, with kTaken once the handler runs. A signal has the address of its
// thread's word as its value.
constinit std::atomic<std::uint32_t> threads[kMaxThreads] = {};
constinit std::size_t thread_count = 0;
constinit std::atomic<std::uint32_t> taken{0};  // counts the handlers that run; a futex
// The process whose threads are held; 0: none. A futex. A forked child may find its parent's here.
constinit std::atomic<std::uint32_t> holding{0};
// The actions that the program had: that of signal 33 is the C library's, or none.
constinit SignalAction former = {};
constinit SignalAction former_of_faults[std::size(kFaults)] = {};

// Not through system_call(): a thread that is held must sleep, whatever happens to the process.
std::uint32_t own_process() {
  return static_cast<std::uint32_t>(system_call_of_host(SYS_getpid));
}

long wait_for_change(std::atomic<std::uint32_t>& word, std::uint32_t value, const timespec* time) {
  return system_call_of_host(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, time, nullptr, 0);
}

void wake(std::atomic<std::uint32_t>& word, int count) {
  system_call_of_host(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

// --- in the threads that are held ----------------------------------------------------------------
// The handlers use neither errno nor anything else of the thread.

void sleep_until_released(std::uint32_t process) {
  while (holding.load() == process) {
    const long outcome = wait_for_change(holding, process, nullptr);
    if (outcome != 0 && outcome != -EAGAIN && outcome != -EINTR) break;  // it cannot wait
  }
  const timespec grace = {.tv_sec = 0, .tv_nsec = kGraceNs};
  system_call_of_host(SYS_nanosleep, &grace, nullptr);
}

void hand_on(int signal, siginfo_t* info, void* context) {
  void* const handler = former.handler;
  if (handler == reinterpret_cast<void*>(SIG_DFL) || handler == reinterpret_cast<void*>(SIG_IGN)) {
    return;
  }
  if ((former.flags & SA_SIGINFO) != 0) {
    reinterpret_cast<SignalHandler>(handler)(signal, info, context);
  } else {
    reinterpret_cast<void (*)(int)>(handler)(signal);
  }
}

void on_signal(int signal, siginfo_t* info, void* context) {
  auto* const word = static_cast<std::atomic<std::uint32_t>*>(info->si_value.sival_ptr);
  const bool is_ours = info->si_code == kCode && word >= threads && word < std::end(threads);
  if (!is_ours) return hand_on(signal, info, context);
  word->fetch_or(kTaken);
  taken.fetch_add(1);
  wake(taken, 1);
  sleep_until_released(own_process());
}

// When it returns, the thread faults again, under the action of the program. A signal from another
// process is ignored, as all others are during the end.
void on_fault(int signal, siginfo_t* info, void*) {
  const std::uint32_t process = own_process();
  if (holding.load() != process) {
    // A child that was forked meanwhile.
    const SignalAction by_default = {};
    system_call_of_host(SYS_rt_sigaction, signal, &by_default, nullptr, sizeof(SignalSet));
    return;
  }
  const bool is_sent = info->si_code <= 0;
  if (is_sent && static_cast<std::uint32_t>(info->si_pid) != process) return;
  sleep_until_released(process);
}

// --- in the thread that holds them ---------------------------------------------------------------

std::uint32_t number_in(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return 0;
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

bool is_known(std::uint32_t thread) {
  for (std::size_t i = 0; i < thread_count; ++i) {
    if ((threads[i].load(std::memory_order_relaxed) & ~kTaken) == thread) return true;
  }
  return false;
}

// Adds the threads of the process that are not known yet. False: `own` is not one of them. Then
// the ids are those of another namespace, or there is no /proc.
bool find_threads(std::uint32_t own) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const long folder = system_call(SYS_openat, AT_FDCWD, "/proc/self/task", kFlags, 0);
  if (failed(folder)) return false;
  bool is_own_listed = false;
  alignas(dirent64) char entries[2048];
  long bytes;
  while ((bytes = system_call(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
    for (long at = 0; at < bytes;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      const std::uint32_t thread = number_in(entry->d_name);
      is_own_listed = is_own_listed || thread == own;
      if (thread == 0 || thread == own || thread_count == kMaxThreads || is_known(thread)) continue;
      threads[thread_count++].store(thread);
    }
  }
  system_call(SYS_close, folder);
  return is_own_listed;
}

// A thread that has ended, or whose signal the kernel refuses since the user has too many pending,
// counts as one that has taken it.
void ask(std::uint32_t process, std::atomic<std::uint32_t>& word) {
  siginfo_t info = {};
  info.si_signo = kSignal;
  info.si_code = kCode;
  info.si_pid = static_cast<pid_t>(process);
  info.si_value.sival_ptr = &word;
  if (!failed(system_call(SYS_rt_tgsigqueueinfo, process, word.load(), kSignal, &info))) return;
  word.fetch_or(kTaken);
  taken.fetch_add(1);
}

std::string_view after(std::string_view text, std::string_view label) {
  const std::size_t at = text.find(label);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + label.size());
}

// Whether a thread that has not taken its signal could run code of the program before it does. If
// it is in an uninterruptible wait, is stopped or has ended, it cannot. If it blocks the signal and
// sleeps, waiting for it would be in vain.
bool may_run(std::uint32_t thread) {
  OwnPathText<64> path;
  path.add("/proc/self/task/").add(thread).add("/status");
  const long file = system_call(SYS_openat, AT_FDCWD, path.text(), O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return false;
  char text[4096];
  const long bytes = system_call(SYS_read, file, text, sizeof text);
  system_call(SYS_close, file);
  if (failed(bytes)) return false;
  const std::string_view status(text, static_cast<std::size_t>(bytes));
  const std::string_view state = after(status, "\nState:\t");
  if (state.starts_with('R')) return true;
  if (!state.starts_with('S')) return false;
  // Sixteen digits, the last of which are the signals 1 to 4.
  const std::string_view blocked = after(status, "\nSigBlk:\t");
  constexpr std::size_t kDigit = 15 - (kSignal - 1) / 4;
  if (blocked.size() <= kDigit) return true;
  const char digit = blocked[kDigit];
  const int bits = digit <= '9' ? digit - '0' : digit - 'a' + 10;
  return (bits >> (kSignal - 1) % 4 & 1) == 0;
}

bool is_any_to_wait_for() {
  for (std::size_t i = 0; i < thread_count; ++i) {
    const std::uint32_t word = threads[i].load();
    if ((word & kTaken) == 0 && may_run(word)) return true;
  }
  return false;
}

void wait_until_taken(std::uint64_t deadline) {
  for (;;) {
    const std::uint32_t seen = taken.load();
    if (seen == thread_count || monotonic_ns() > deadline) return;
    const timespec retry = {.tv_sec = 0, .tv_nsec = kRetryNs};
    if (wait_for_change(taken, seen, &retry) == -ETIMEDOUT && !is_any_to_wait_for()) return;
  }
}

// A thread may have begun another one before it stopped, so they are listed until none is new.
void stop(std::uint32_t process, std::uint32_t own) {
  const std::uint64_t deadline = monotonic_ns() + kMostNs;
  std::size_t asked = 0;
  do {
    while (asked < thread_count) ask(process, threads[asked++]);
    wait_until_taken(deadline);
    find_threads(own);
  } while (asked < thread_count && monotonic_ns() < deadline);
}

bool is_handled_by(const SignalAction& action, SignalHandler handler) {
  return action.handler == reinterpret_cast<void*>(handler);
}

// The process may have the handler already, from its parent or from an earlier time.
bool install(int signal, SignalHandler handler, SignalAction& before) {
  SignalAction current;
  if (failed(set_action(signal, nullptr, &current))) return false;
  if (is_handled_by(current, handler)) return true;
  before = current;
  const SignalAction own = action_of(handler, kAllSignals);
  return !failed(set_action(signal, &own, nullptr));
}

void uninstall(int signal, SignalHandler handler, const SignalAction& before) {
  SignalAction current;
  if (failed(set_action(signal, nullptr, &current))) return;
  if (is_handled_by(current, handler)) set_action(signal, &before, nullptr);
}

// With its signal pending, a thread would be ended by the default action.
bool is_any_pending(std::uint32_t process) {
  for (std::size_t i = 0; i < thread_count; ++i) {
    const std::uint32_t word = threads[i].load();
    if ((word & kTaken) == 0 && !failed(system_call(SYS_tgkill, process, word, 0))) return true;
  }
  return false;
}

}  // namespace

HeldThreads::HeldThreads() {
  if (is_forbidden.load()) return;
  const std::uint32_t process = own_process();
  const auto own = static_cast<std::uint32_t>(system_call(SYS_gettid));
  holding.store(process);
  // First: to list the threads takes 40 us, and a signal that wakes one may cost this thread its
  // processor, while one that is not asked yet goes on.
  for (std::size_t i = 0; i < std::size(kFaults); ++i) {
    install(kFaults[i], on_fault, former_of_faults[i]);
  }
  thread_count = 0;
  taken.store(0);
  has_begun_ = find_threads(own) && thread_count > 0 && install(kSignal, on_signal, former);
  if (has_begun_) stop(process, own);
}

// The actions first: no thread can set one meanwhile.
HeldThreads::~HeldThreads() {
  if (holding.load() == 0) return;
  for (std::size_t i = 0; i < std::size(kFaults); ++i) {
    uninstall(kFaults[i], on_fault, former_of_faults[i]);
  }
  if (has_begun_ && !is_any_pending(own_process())) uninstall(kSignal, on_signal, former);
  holding.store(0);
  wake(holding, INT_MAX);
}

void HeldThreads::forbid() {
  is_forbidden.store(true);
}

std::span<const long> HeldThreads::calls() {
  return kCalls;
}

}  // namespace pymemflow::platform
