// Linux. Raw system calls where the C library's wrapper might set errno, cancel the thread or be
// interposed by the program.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "interpose/platform/platform.h"

namespace pymemflow::interpose::platform {
namespace {

// Programs count on low descriptors (select, closing 3 to 255, dup2 to a chosen number).
constexpr int kLowestDescriptor = 512;

constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;

// The C library's syscall() reports through errno; the caller's must survive.
template <typename... Arguments>
long system_call(long number, Arguments... arguments) {
  const int saved = errno;
  const long result = ::syscall(number, arguments...);
  const long outcome = result == -1 ? -errno : result;
  errno = saved;
  return outcome;
}

bool failed(long outcome) {
  return outcome < 0 && outcome > -4096;
}

void* map(void* address, std::size_t bytes, int protection, int flags, int file,
          std::uint64_t offset) {
  const long outcome = system_call(SYS_mmap, address, bytes, protection, flags, file, offset);
  return failed(outcome) ? nullptr : reinterpret_cast<void*>(outcome);
}

std::uint64_t nanoseconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

int raise_descriptor(long low) {
  if (failed(low)) return -1;
  long high = system_call(SYS_fcntl, low, F_DUPFD_CLOEXEC, kLowestDescriptor);
  // A limit below it (ulimit -n 256): then above the standard ones at least.
  if (failed(high)) high = system_call(SYS_fcntl, low, F_DUPFD_CLOEXEC, 3);
  system_call(SYS_close, low);
  return failed(high) ? -1 : static_cast<int>(high);
}

long open_in(const char* folder) {
  return system_call(SYS_openat, AT_FDCWD, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

// One line of /proc/self/maps: "start-end rwxp offset device inode   path". `image` is where the
// file of the lines before it begins. False: no file is mapped there.
struct MapsLine {
  Mapping mapping;
  bool is_executable;
  std::uint64_t inode;

  bool parse(const char* line, std::size_t bytes) {
    const char* cursor = line;
    const char* const end = line + bytes;
    const auto number = [&](std::uint64_t& value, unsigned base) {
      for (value = 0; cursor < end; ++cursor) {
        const auto c = static_cast<unsigned char>(*cursor);
        const unsigned digit = c >= 'a' ? c - 'a' + 10U : c - '0' + 0U;
        if (digit >= base) break;
        value = value * base + digit;
      }
    };
    number(mapping.start, 16);
    ++cursor;
    number(mapping.end, 16);
    if (end - cursor < 6) return false;
    is_executable = cursor[3] == 'x';
    cursor += 6;
    number(mapping.offset, 16);
    const void* blank = std::memchr(cursor + 1, ' ', static_cast<std::size_t>(end - cursor - 1));
    const void* slash = std::memchr(cursor, '/', static_cast<std::size_t>(end - cursor));
    if (blank == nullptr || slash == nullptr) return false;
    cursor = static_cast<const char*>(blank) + 1;
    number(inode, 10);
    mapping.path = static_cast<const char*>(slash);
    mapping.path_bytes = static_cast<std::size_t>(end - mapping.path);
    return true;
  }
};

}  // namespace

void* find_original(const char* name) {
  void* const found = ::dlsym(RTLD_NEXT, name);
  if (found == nullptr) forget_loader_error();
  return found;
}

void forget_loader_error() {
  ::dlerror();  // hands it out
  ::dlerror();  // frees it
}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(system_call(SYS_getpid));
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
                         .tv_nsec = microseconds % 1'000'000 * 1'000};
  system_call(SYS_nanosleep, &time, nullptr);
}

std::uint64_t monotonic_ns() {
  return nanoseconds(CLOCK_MONOTONIC);
}
std::uint64_t realtime_ns() {
  return nanoseconds(CLOCK_REALTIME);
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
  // It does not see this call: what one thread gets at an address that another one gave back would
  // look like a race.
  static_cast<void>(start);
  static_cast<void>(bytes);
#else
  system_call(SYS_munmap, start, bytes);
#endif
}

void* map_file(int file, std::uint64_t offset, std::size_t bytes) {
  return map(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);
}

int open_nameless_file() {
  const char* const asked = std::getenv("TMPDIR");
  // /var/tmp before /tmp: the latter is often memory.
  for (const char* folder : {asked, "/var/tmp", "/tmp"}) {
    if (folder == nullptr || *folder == '\0') continue;
    const int file = raise_descriptor(open_in(folder));
    if (file >= 0) return file;
  }
  return raise_descriptor(system_call(SYS_memfd_create, "pymemflow", MFD_CLOEXEC));
}

int make_file(const char* path) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const long low = system_call(SYS_openat, AT_FDCWD, path, kFlags, 0600);
  if (failed(low)) return static_cast<int>(low);
  const int file = raise_descriptor(low);
  return file < 0 ? -EMFILE : file;
}

void remove_file(const char* path) {
  system_call(SYS_unlinkat, AT_FDCWD, path, 0);
}

void close_file(int file) {
  system_call(SYS_close, file);
}

std::uint64_t free_bytes_for(int file) {
  struct statfs disk {};
  if (!failed(system_call(SYS_fstatfs, file, &disk)) && disk.f_blocks != 0) {
    return static_cast<std::uint64_t>(disk.f_bavail) * static_cast<std::uint64_t>(disk.f_bsize);
  }
  struct sysinfo memory {};
  if (failed(system_call(SYS_sysinfo, &memory))) return kUnlimited;
  return static_cast<std::uint64_t>(memory.freeram) * memory.mem_unit;
}

std::uint64_t allowed_file_bytes() {
  struct rlimit allowed {};
  if (failed(system_call(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &allowed))) return kUnlimited;
  return allowed.rlim_cur == RLIM_INFINITY ? kUnlimited : allowed.rlim_cur;
}

int reserve_file(int file, std::uint64_t offset, std::size_t bytes) {
  long outcome;
  do {
    outcome = system_call(SYS_fallocate, file, 0, offset, bytes);
  } while (outcome == -EINTR);
  if (outcome != -EOPNOTSUPP && outcome != -ENOSYS) return static_cast<int>(-outcome);
  static constexpr char kZeros[4096] = {};
  for (std::size_t done = 0; done < bytes; done += sizeof kZeros) {
    if (const int error = write_file(file, kZeros, sizeof kZeros, offset + done)) return error;
  }
  return 0;
}

int write_file(int file, const void* data, std::size_t bytes, std::uint64_t offset) {
  const char* cursor = static_cast<const char*>(data);
  while (bytes > 0) {
    const long outcome = system_call(SYS_pwrite64, file, cursor, bytes, offset);
    if (outcome == -EINTR) continue;
    if (outcome <= 0) return outcome == 0 ? EIO : static_cast<int>(-outcome);
    cursor += outcome;
    offset += static_cast<std::uint64_t>(outcome);
    bytes -= static_cast<std::size_t>(outcome);
  }
  return 0;
}

int write_file(int file, std::span<const char> front, const void* data, std::size_t bytes,
               std::uint64_t offset) {
  const iovec parts[] = {{const_cast<char*>(front.data()), front.size()},
                         {const_cast<void*>(data), bytes}};
  long outcome;
  do {
    outcome = system_call(SYS_pwritev, file, parts, 2, offset, 0);
  } while (outcome == -EINTR);
  if (outcome < 0) return static_cast<int>(-outcome);
  // Cut short (by a limit, say): the rest part by part, which tells why.
  auto done = static_cast<std::size_t>(outcome);
  if (done < front.size()) {
    const std::span<const char> rest = front.subspan(done);
    if (const int error = write_file(file, rest.data(), rest.size(), offset + done)) return error;
    done = front.size();
  }
  const std::size_t written = done - front.size();
  return write_file(file, static_cast<const char*>(data) + written, bytes - written, offset + done);
}

std::uint64_t file_bytes(int file) {
  const long outcome = system_call(SYS_lseek, file, 0, SEEK_END);
  return failed(outcome) ? 0 : static_cast<std::uint64_t>(outcome);
}

bool identify_file(int file, FileIdentity& identity) {
  struct stat facts {};
  const int saved = errno;
  const int outcome = ::fstat(file, &facts);
  errno = saved;
  if (outcome != 0) return false;
  identity = {facts.st_dev, facts.st_ino};
  return true;
}

void visit_modules(std::span<char> scratch, void (*visit)(const Mapping&, void*), void* context) {
  const long file = system_call(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return;
  char* const buffer = scratch.data();
  std::size_t held = 0;
  std::uint64_t image = 0;
  std::uint64_t image_inode = 0;
  for (;;) {
    const long got = system_call(SYS_read, file, buffer + held, scratch.size() - held);
    if (got == -EINTR) continue;
    if (got <= 0) break;
    held += static_cast<std::size_t>(got);
    const char* line = buffer;
    const char* const end = buffer + held;
    while (const void* newline = std::memchr(line, '\n', static_cast<std::size_t>(end - line))) {
      const char* const line_end = static_cast<const char*>(newline);
      MapsLine parsed{};
      if (parsed.parse(line, static_cast<std::size_t>(line_end - line))) {
        if (parsed.mapping.offset == 0) {
          image = parsed.mapping.start;
          image_inode = parsed.inode;
        }
        if (parsed.inode == image_inode) parsed.mapping.image = image;
        if (parsed.is_executable) visit(parsed.mapping, context);
      }
      line = line_end + 1;
    }
    held = static_cast<std::size_t>(end - line);
    if (held == scratch.size()) held = 0;  // no line is that long: give up on it
    std::memmove(buffer, line, held);
  }
  system_call(SYS_close, file);
}

void visit_content(const char* path, void (*visit)(const char* bytes, std::size_t size, void*),
                   void* context) {
  const long file = system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return;
  char buffer[4096];
  for (;;) {
    const long got = system_call(SYS_read, file, buffer, sizeof buffer);
    if (got == -EINTR) continue;
    if (got <= 0) break;
    visit(buffer, static_cast<std::size_t>(got), context);
  }
  system_call(SYS_close, file);
}

std::size_t read_start(const char* path, std::span<char> start) {
  const long file = system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return 0;
  const long got = system_call(SYS_read, file, start.data(), start.size());
  system_call(SYS_close, file);
  return failed(got) ? 0 : static_cast<std::size_t>(got);
}

std::size_t describe_host(std::span<char> text) {
  utsname host{};
  if (failed(system_call(SYS_uname, &host))) return 0;
  std::size_t used = 0;
  for (const char* line : {host.nodename, host.sysname, host.release, host.machine}) {
    const std::size_t bytes = std::strlen(line);
    if (bytes + 1 > text.size() - used) break;
    std::memcpy(text.data() + used, line, bytes);
    used += bytes;
    text[used++] = '\n';
  }
  return used;
}

bool copy_memory(void* to, std::uint64_t from, std::size_t bytes) {
  const iovec here = {to, bytes};
  const iovec there = {reinterpret_cast<void*>(from), bytes};
  const long copied = system_call(SYS_process_vm_readv, process_id(), &here, 1, &there, 1, 0);
  return copied == static_cast<long>(bytes);
}

void write_line(std::span<const char> text) {
  const char* cursor = text.data();
  std::size_t bytes = text.size();
  while (bytes > 0) {
    const long outcome = system_call(SYS_write, STDERR_FILENO, cursor, bytes);
    if (outcome == -EINTR) continue;
    if (outcome <= 0) return;
    cursor += outcome;
    bytes -= static_cast<std::size_t>(outcome);
  }
}

}  // namespace pymemflow::interpose::platform
