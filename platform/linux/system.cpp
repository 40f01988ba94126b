// Linux: the loader, threads, clocks, memory.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include <cstring>

#include "platform/clock.h"
#include "platform/linux/held_signals.h"
#include "platform/linux/system_call.h"
#include "platform/loader.h"
#include "platform/memory.h"
#include "platform/process.h"
#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

void* map(void* address, std::size_t bytes, int protection, int flags, int file,
          std::uint64_t offset) {
  const long outcome = system_call(SYS_mmap, address, bytes, protection, flags, file, offset);
  return failed(outcome) ? nullptr : reinterpret_cast<void*>(outcome);
}

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

void forget_loader_error() {
  ::dlerror();  // hands it out
  ::dlerror();  // frees it
}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(system_call(SYS_getpid));
}
std::uint64_t process_namespace() {
  struct stat own {};
  if (failed(system_call(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &own, 0))) return 0;
  return own.st_ino;
}
std::uint32_t thread_id() {
  return static_cast<std::uint32_t>(system_call(SYS_gettid));
}
std::uintptr_t thread_self() {
  return ::pthread_self();
}
bool is_thread_alive(std::uint32_t process, std::uint32_t thread) {
  return system_call(SYS_tgkill, process, thread, 0) != -ESRCH;
}

void sleep_us(std::uint32_t microseconds) {
  const timespec time = {.tv_sec = microseconds / 1'000'000,
                         .tv_nsec = std::int64_t{microseconds % 1'000'000} * 1'000};
  system_call(SYS_nanosleep, &time, nullptr);
}

std::uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return nanoseconds(now);
}
// Also asked for at the end, when a library that stands in front of clock_gettime() may be gone.
std::uint64_t realtime_ns() {
  timespec now{};
  system_call(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

void* map_private(std::size_t bytes) {
  return map(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
             -1, 0);
}

void* map_zero_in_child(std::size_t bytes) {
  void* const pages = map_private(bytes);
  if (pages == nullptr) return nullptr;
  if (failed(system_call(SYS_madvise, pages, bytes, MADV_WIPEONFORK))) {
    system_call(SYS_munmap, pages, bytes);
    return nullptr;
  }
  return pages;
}

void unmap(void* start, std::size_t bytes) {
#ifdef __SANITIZE_THREAD__
  // ThreadSanitizer does not see this call, and would report a race when another thread gets the
  // same address.
  static_cast<void>(start);
  static_cast<void>(bytes);
#else
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
  const iovec here = {to, bytes};
  const iovec there = {reinterpret_cast<void*>(from), bytes};
  const long copied = system_call(SYS_process_vm_readv, process_id(), &here, 1, &there, 1, 0);
  return copied == static_cast<long>(bytes);
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
