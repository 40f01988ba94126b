// Linux: the loader, threads, clocks, memory.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include <atomic>
#include <cstring>
#include <iterator>

#include "platform/clock.h"
#include "platform/linux/held_signals.h"
#include "platform/linux/system_call.h"
#include "platform/loader.h"
#include "platform/memory.h"
#include "platform/own_ranges.h"
#include "platform/process.h"
#include "platform/signal_guard.h"
#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

void* map(void* address, std::size_t bytes, int protection, int flags, int file,
          std::uint64_t offset) {
  const long outcome = system_call(SYS_mmap, address, bytes, protection, flags, file, offset);
  if (failed(outcome)) return nullptr;
  auto* const start = reinterpret_cast<void*>(outcome);
  if (address == nullptr) note_own_range(start, bytes);
  return start;
}

constexpr std::size_t kPage = 4096;

// Set once process_vm_readv() was refused: by a seccomp filter, or by a kernel without it.
constinit std::atomic<bool> is_vm_readv_refused{false};

// Opened each time: after a fork the descriptor would read the parent's memory. /proc/self is the
// first thread, and empty once that has ended.
long read_own_memory(void* to, std::uint64_t from, std::size_t bytes) {
  const long file =
      system_call(SYS_openat, AT_FDCWD, "/proc/thread-self/mem", O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return file;
  const long copied = system_call(SYS_pread64, file, to, bytes, from);
  system_call(SYS_close, file);
  return copied;
}

bool is_wiped_in_child(void* pages, std::size_t bytes) {
  return !failed(system_call(SYS_madvise, pages, bytes, MADV_WIPEONFORK));
}

// The pages that a fork handler fills with zeros, where the kernel does not. A child of a raw
// clone() runs no handler.
struct ZeroPages {
  std::atomic<void*> pages;
  std::size_t bytes;
};
constinit ZeroPages zero_in_child[4] = {};
constinit std::atomic<std::size_t> zero_count{0};

void empty_pages() {
  for (const ZeroPages& each : zero_in_child) {
    void* const pages = each.pages.load(std::memory_order_acquire);
    if (pages != nullptr) std::memset(pages, 0, each.bytes);
  }
}

bool empty_in_child(void* pages, std::size_t bytes) {
  static constinit std::atomic_flag is_registered = ATOMIC_FLAG_INIT;
  const std::size_t place = zero_count.fetch_add(1, std::memory_order_relaxed);
  if (place >= std::size(zero_in_child)) return false;
  if (!is_registered.test_and_set() && ::pthread_atfork(nullptr, nullptr, empty_pages) != 0) {
    return false;
  }
  zero_in_child[place].bytes = bytes;
  zero_in_child[place].pages.store(pages, std::memory_order_release);
  return true;
}

}  // namespace

void forget_loader_error() {
  ::dlerror();  // hands it out
  ::dlerror();  // frees it
}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(system_call(SYS_getpid));
}
std::uint32_t permitted_process_id() {
  return static_cast<std::uint32_t>(system_call_of_host(SYS_getpid));
}
std::uint64_t process_namespace() {
  struct stat own {};
  if (failed(system_call(SYS_newfstatat, AT_FDCWD, "/proc/thread-self/ns/pid", &own, 0))) return 0;
  return own.st_ino;
}
std::uint32_t thread_id() {
  return static_cast<std::uint32_t>(system_call(SYS_gettid));
}
std::uintptr_t thread_self() {
  return ::pthread_self();
}

namespace {
constinit std::atomic<bool> is_name_forbidden{false};
}  // namespace

bool find_own_name(ThreadName& name) {
  return !is_name_forbidden.load(std::memory_order_relaxed) &&
         system_call(SYS_prctl, PR_GET_NAME, name.text) == 0;
}
void forbid_own_name() {
  is_name_forbidden.store(true, std::memory_order_relaxed);
}

bool is_thread_alive(std::uint32_t process, std::uint32_t thread) {
  return system_call(SYS_tgkill, process, thread, 0) != -ESRCH;
}

SignalGuard::SignalGuard()
    : holds_(!failed(
          system_call(SYS_rt_sigprocmask, SIG_BLOCK, &kAllSignals, &before_, sizeof before_))) {}
// Also when another thread has forbidden system calls since: the thread must get its signals back.
SignalGuard::~SignalGuard() {
  if (!holds_) return;
  system_call_of_host(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
}

void sleep_us(std::uint32_t microseconds) {
  const timespec time = {.tv_sec = microseconds / 1'000'000,
                         .tv_nsec = std::int64_t{microseconds % 1'000'000} * 1'000};
  system_call(SYS_nanosleep, &time, nullptr);
}

// Both are also asked for at the end, when a library that stands in front of clock_gettime() may be
// gone. Where the program forbids system calls, the C library reads the time without one.
std::uint64_t monotonic_ns() {
  timespec now{};
  if (failed(system_call(SYS_clock_gettime, CLOCK_MONOTONIC, &now))) {
    ::clock_gettime(CLOCK_MONOTONIC, &now);
  }
  return nanoseconds(now);
}
std::uint64_t realtime_ns() {
  timespec now{};
  system_call(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

void* map_private(std::size_t bytes, void* place) {
  const int flags =
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (place == nullptr ? 0 : MAP_FIXED);
  return map(place, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

void* map_zero_in_child(std::size_t bytes) {
  void* const pages = map_private(bytes);
  if (pages == nullptr || is_wiped_in_child(pages, bytes)) return pages;
  // Linux before 4.14, and systems that only resemble it.
  if (empty_in_child(pages, bytes)) return pages;
  unmap(pages, bytes);
  return nullptr;
}

void unmap(void* start, std::size_t bytes) {
#ifdef __SANITIZE_THREAD__
  // ThreadSanitizer does not see this call, and would report a race when another thread gets the
  // same address.
  static_cast<void>(start);
  static_cast<void>(bytes);
#else
  forget_own_range(start);
  system_call(SYS_munmap, start, bytes);
#endif
}

void* map_file(int file, std::uint64_t offset, std::size_t bytes, void* place) {
  const int flags = MAP_SHARED | (place == nullptr ? 0 : MAP_FIXED);
  return map(place, bytes, PROT_READ | PROT_WRITE, flags, file, offset);
}

void empty_private(void* start, std::size_t bytes) {
  // Pages that are locked into memory stay.
  if (failed(system_call(SYS_madvise, start, bytes, MADV_DONTNEED))) std::memset(start, 0, bytes);
}

bool copy_memory(void* to, std::uint64_t from, std::size_t bytes) {
  if (!is_vm_readv_refused.load(std::memory_order_relaxed)) {
    const iovec here = {to, bytes};
    const iovec there = {reinterpret_cast<void*>(from), bytes};
    const long copied = system_call(SYS_process_vm_readv, thread_id(), &here, 1, &there, 1, 0);
    if (copied != -EPERM && copied != -ENOSYS) return copied == static_cast<long>(bytes);
    is_vm_readv_refused.store(true, std::memory_order_relaxed);
  }
  return read_own_memory(to, from, bytes) == static_cast<long>(bytes);
}

CopyMethod copy_method() {
  const std::uint64_t sample = 1;
  std::uint64_t copy = 0;
  copy_memory(&copy, reinterpret_cast<std::uintptr_t>(&sample), sizeof copy);
  if (copy != sample) return CopyMethod::None;
  return is_vm_readv_refused.load(std::memory_order_relaxed) ? CopyMethod::Slow : CopyMethod::Fast;
}

bool has_zero_in_child() {
  void* const pages = map_private(kPage);
  if (pages == nullptr) return false;
  const bool has = is_wiped_in_child(pages, kPage);
  unmap(pages, kPage);
  return has;
}

void write_line(std::span<const char> text) {
  const HeldSignals held(only(SIGPIPE) | only(SIGXFSZ));
  const int file = standard_error();
  const char* cursor = text.data();
  std::size_t bytes = text.size();
  while (file >= 0 && bytes > 0) {
    const long outcome = system_call(SYS_write, file, cursor, bytes);
    if (outcome == -EINTR) continue;
    if (outcome == -EPIPE) held.take_back(SIGPIPE);
    if (outcome == -EFBIG) held.take_back(SIGXFSZ);
    if (outcome <= 0) return;
    cursor += outcome;
    bytes -= static_cast<std::size_t>(outcome);
  }
}

}  // namespace pymemflow::platform
