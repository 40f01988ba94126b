// Threads, clocks and memory on macOS. Calls from this library reach the originals of hooked
// functions (interpose/hooks/macos/tuples.cpp), and no function called here allocates.

#include <libproc.h>
#include <mach/mach.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "platform/clock.h"
#include "platform/errno_keeper.h"
#include "platform/loader.h"
#include "platform/memory.h"
#include "platform/process.h"
#include "platform/signal_guard.h"
#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

std::uint64_t wide_thread_id() {
  std::uint64_t id = 0;
  ::pthread_threadid_np(nullptr, &id);
  return id;
}

// The pages that a forked child finds filled with zeros. The system cannot do that, so a fork
// handler does. The windows of the capture are copies in the child (map_file()): events before the
// handler are lost, and do not appear in the parent's capture.
struct ZeroInChild {
  std::atomic<void*> pages;
  std::size_t bytes;
};
constexpr std::size_t kMaxZeroPages = 8;
constinit ZeroInChild zero_in_child[kMaxZeroPages] = {};
constinit std::atomic<std::size_t> zero_count{0};

void empty_pages() {
  for (ZeroInChild& each : zero_in_child) {
    if (void* const pages = each.pages.load(std::memory_order_acquire)) {
      std::memset(pages, 0, each.bytes);
    }
  }
}

}  // namespace

void forget_loader_error() {
  // dyld keeps the message in a buffer per thread, which the next message overwrites.
}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(::getpid());
}
std::uint32_t permitted_process_id() {
  return process_id();
}
std::uint64_t process_namespace() {
  return 0;
}

// The system's ids have 64 bits and begin at 1 with its start.
std::uint32_t thread_id() {
  return static_cast<std::uint32_t>(wide_thread_id());
}
std::uintptr_t thread_self() {
  return reinterpret_cast<std::uintptr_t>(::pthread_self());
}

bool find_own_name(ThreadName& name) {
  return ::pthread_getname_np(::pthread_self(), name.text, sizeof name.text) == 0;
}
void forbid_own_name() {}

bool is_thread_alive(std::uint32_t process, std::uint32_t thread) {
  const ErrnoKeeper keeper;
  constexpr std::uint64_t kStep = std::uint64_t{1} << 32;
  // The upper half of this thread, or one less if the lower half has just wrapped around.
  std::uint64_t id = (wide_thread_id() & ~(kStep - 1)) | thread;
  for (int tries = 0; tries < 2; ++tries, id -= kStep) {
    proc_threadinfo facts;
    const int bytes =
        ::proc_pidinfo(static_cast<int>(process), PROC_PIDTHREADID64INFO, id, &facts, sizeof facts);
    if (bytes > 0 || errno != ESRCH) return true;
    if (id < kStep) break;
  }
  return false;
}

std::uint64_t monotonic_ns() {
  return ::clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}
std::uint64_t quick_monotonic_ns() {
  return monotonic_ns();
}
void find_quick_clock() {}
std::uint64_t realtime_ns() {
  return ::clock_gettime_nsec_np(CLOCK_REALTIME);
}

SignalGuard::SignalGuard() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  holds_ = ::pthread_sigmask(SIG_BLOCK, &all, &before) == 0;
  before_ = before;
}
SignalGuard::~SignalGuard() {
  if (!holds_) return;
  const auto before = static_cast<sigset_t>(before_);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void sleep_us(std::uint32_t microseconds) {
  const ErrnoKeeper keeper;
  const timespec time = {.tv_sec = microseconds / 1'000'000,
                         .tv_nsec = microseconds % 1'000'000 * 1'000};
  ::nanosleep(&time, nullptr);
}

void* map_private(std::size_t bytes, void* place) {
  const ErrnoKeeper keeper;
  const int flags = MAP_PRIVATE | MAP_ANON | MAP_NORESERVE | (place == nullptr ? 0 : MAP_FIXED);
  void* const pages = ::mmap(place, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

void* map_zero_in_child(std::size_t bytes) {
  static constinit std::atomic_flag is_registered = ATOMIC_FLAG_INIT;
  const std::size_t place = zero_count.fetch_add(1, std::memory_order_relaxed);
  if (place >= kMaxZeroPages) return nullptr;
  if (!is_registered.test_and_set() && ::pthread_atfork(nullptr, nullptr, empty_pages) != 0) {
    return nullptr;
  }
  void* const pages = map_private(bytes);
  zero_in_child[place].bytes = bytes;
  zero_in_child[place].pages.store(pages, std::memory_order_release);
  return pages;
}

void* map_file(int file, std::uint64_t offset, std::size_t bytes, void* place) {
  const ErrnoKeeper keeper;
  const int flags = MAP_SHARED | (place == nullptr ? 0 : MAP_FIXED);
  void* const pages =
      ::mmap(place, bytes, PROT_READ | PROT_WRITE, flags, file, static_cast<off_t>(offset));
  if (pages == MAP_FAILED) return nullptr;
  ::minherit(pages, bytes, VM_INHERIT_COPY);
  return pages;
}

void empty_private(void* start, std::size_t bytes) {
  std::memset(start, 0, bytes);
}

void unmap(void* start, std::size_t bytes) {
  const ErrnoKeeper keeper;
  ::munmap(start, bytes);
}

bool copy_memory(void* to, std::uint64_t from, std::size_t bytes) {
  vm_size_t copied = 0;
  const kern_return_t outcome =
      ::vm_read_overwrite(::mach_task_self(), static_cast<vm_address_t>(from), bytes,
                          reinterpret_cast<vm_address_t>(to), &copied);
  return outcome == KERN_SUCCESS && copied == bytes;
}

CopyMethod copy_method() {
  return CopyMethod::Fast;
}

bool has_zero_in_child() {
  return false;
}

void write_line(std::span<const char> text) {
  const ErrnoKeeper keeper;
  const int file = standard_error();
  const char* cursor = text.data();
  std::size_t bytes = text.size();
  while (file >= 0 && bytes > 0) {
    const ssize_t outcome = ::write(file, cursor, bytes);
    if (outcome < 0 && errno == EINTR) continue;
    if (outcome <= 0) return;
    cursor += outcome;
    bytes -= static_cast<std::size_t>(outcome);
  }
}

}  // namespace pymemflow::platform
