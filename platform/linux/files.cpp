// Files, on Linux.

#include "platform/files.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#include <cstdlib>

#include "platform/clock.h"
#include "platform/linux/held_signals.h"
#include "platform/linux/system_call.h"
#include "platform/write_some.h"

namespace pymemflow::platform {
namespace {

// Programs count on low descriptors (select, closing 3 to 255, dup2 to a chosen number).
constexpr int kLowestDescriptor = 512;

// The kernel's table of descriptors reaches up to the highest one, with 8 bytes each, and each fork
// copies it.
constexpr rlim_t kHighestDescriptor = 1 << 16;

constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;

// Calls call(lowest) while the program's limit of descriptors is wider, where it may be. `lowest`
// is above the descriptors that the program may have.
template <typename Call>
long beyond_limit(Call call) {
  struct rlimit own {};
  const long outcome = system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &own);
  if (failed(outcome)) return outcome;
  if (own.rlim_cur > kHighestDescriptor) return -EMFILE;
  // Descriptors from before the limit was lowered may lie above it.
  const rlim_t lowest = own.rlim_cur < kLowestDescriptor ? kLowestDescriptor : own.rlim_cur;
  const rlim_t needed = lowest + 64;  // a child keeps its parent's file until it has its own
  const struct rlimit wider { needed, own.rlim_max < needed ? needed : own.rlim_max };
  const long raised = system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, &wider, nullptr);
  if (failed(raised)) return raised;  // the hard limit is as low, and must not be changed
  const long file = call(lowest);
  system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, &own, nullptr);
  return file;
}

// A program may have used up its descriptors.
template <typename Open>
long open_beyond_limit(Open open) {
  const long file = open();
  if (file != -EMFILE) return file;
  const long other = beyond_limit([&](rlim_t) { return open(); });
  return failed(other) ? -EMFILE : other;
}

// A program with a lower hard limit of descriptors needs all of them.
constexpr rlim_t kFewDescriptors = 32;

bool may_have_few_descriptors() {
  struct rlimit own {};
  return !failed(system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &own)) &&
         own.rlim_max < kFewDescriptors;
}

// Moves the file to a descriptor above the program's own limit, so that a program that goes through
// all descriptors that it may have does not meet it.
int raise_descriptor(long low) {
  if (failed(low)) return static_cast<int>(low);
  const auto duplicate = [low](rlim_t lowest) {
    return system_call(SYS_fcntl, low, F_DUPFD_CLOEXEC, lowest);
  };
  long high = beyond_limit(duplicate);
  if (failed(high)) high = duplicate(kLowestDescriptor);
  if (failed(high) && may_have_few_descriptors()) {
    system_call(SYS_close, low);
    return -EMFILE;
  }
  // The limit is lower (ulimit -n 256): take one above the standard descriptors at least.
  if (failed(high)) high = duplicate(3);
  // All others are in use.
  if (failed(high) && low > 2) return static_cast<int>(low);
  system_call(SYS_close, low);
  return static_cast<int>(high);
}

// A file that would pass the limit of the process (RLIMIT_FSIZE) is an error, and no signal.
template <typename Call>
long within_limit(Call call) {
  const HeldSignals held(only(SIGXFSZ));
  const long outcome = call();
  if (outcome == -EFBIG) held.take_back(SIGXFSZ);
  return outcome;
}

long open_in(const char* folder) {
  constexpr int kFlags = O_TMPFILE | O_RDWR | O_CLOEXEC;
  return open_beyond_limit([=] { return system_call(SYS_openat, AT_FDCWD, folder, kFlags, 0600); });
}

long open_existing(const char* path, int access) {
  const int flags = access | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return open_beyond_limit([=] { return system_call(SYS_openat, AT_FDCWD, path, flags, 0); });
}

}  // namespace

int open_nameless_file() {
  const char* const asked = std::getenv("TMPDIR");
  // /var/tmp before /tmp: the latter is often memory.
  for (const char* folder : {asked, "/var/tmp", "/tmp"}) {
    if (folder == nullptr || *folder == '\0') continue;
    const int file = raise_descriptor(open_in(folder));
    if (file >= 0) return file;
  }
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int file = raise_descriptor(
      open_beyond_limit([] { return system_call(SYS_memfd_create, "pymemflow", kFlags); }));
  // Its end must not come before what is mapped of it.
  if (file >= 0) system_call(SYS_fcntl, file, F_ADD_SEALS, F_SEAL_SHRINK);
  return file;
}

int make_file(const char* path) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return raise_descriptor(
      open_beyond_limit([=] { return system_call(SYS_openat, AT_FDCWD, path, kFlags, 0600); }));
}

int open_file(const char* path) {
  return static_cast<int>(open_existing(path, O_RDWR));
}

int open_to_read(const char* path) {
  return raise_descriptor(open_existing(path, O_RDONLY));
}

void remove_file(const char* path) {
  system_call(SYS_unlinkat, AT_FDCWD, path, 0);
}

void close_file(int file) {
  system_call(SYS_close, file);
}

void move_file(int from, int to) {
  system_call(SYS_dup3, from, to, O_CLOEXEC);
  system_call(SYS_close, from);
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
    outcome = within_limit([=] { return system_call(SYS_fallocate, file, 0, offset, bytes); });
  } while (outcome == -EINTR);
  if (outcome != -EOPNOTSUPP && outcome != -ENOSYS) return static_cast<int>(-outcome);
  static constexpr char kZeros[4096] = {};
  for (std::size_t done = 0; done < bytes; done += sizeof kZeros) {
    if (const int error = write_file(file, kZeros, sizeof kZeros, offset + done)) return error;
  }
  return 0;
}

long write_some(int file, const void* data, std::size_t bytes, std::uint64_t offset) {
  return within_limit([=] { return system_call(SYS_pwrite64, file, data, bytes, offset); });
}

long write_some(int file, std::span<const char> front, const void* data, std::size_t bytes,
                std::uint64_t offset) {
  const iovec parts[] = {{const_cast<char*>(front.data()), front.size()},
                         {const_cast<void*>(data), bytes}};
  return within_limit([&] { return system_call(SYS_pwritev, file, parts, 2, offset, 0); });
}

long read_file(int file, void* data, std::size_t bytes, std::uint64_t offset) {
  long outcome;
  do {
    outcome = system_call(SYS_pread64, file, data, bytes, offset);
  } while (outcome == -EINTR);
  return outcome;
}

std::uint64_t next_data(int file, std::uint64_t offset) {
  const long outcome = system_call(SYS_lseek, file, offset, SEEK_DATA);
  if (outcome == -ENXIO) return kNoData;
  return failed(outcome) ? offset : static_cast<std::uint64_t>(outcome);
}

std::uint64_t file_bytes(int file) {
  const long outcome = system_call(SYS_lseek, file, 0, SEEK_END);
  return failed(outcome) ? 0 : static_cast<std::uint64_t>(outcome);
}

bool identify_file(int file, FileIdentity& identity) {
  FileState state{};
  if (!look_at_file(file, state)) return false;
  identity = state.identity;
  return true;
}

bool look_at_file(int file, FileState& state) {
  struct stat facts {};
  if (failed(system_call(SYS_fstat, file, &facts))) return false;
  state = {{facts.st_dev, facts.st_ino}, static_cast<std::uint64_t>(facts.st_size), facts.st_nlink};
  return true;
}

std::uint64_t changed_ns(const char* path) {
  struct stat facts {};
  if (failed(system_call(SYS_newfstatat, AT_FDCWD, path, &facts, AT_SYMLINK_NOFOLLOW))) return 0;
  return nanoseconds(facts.st_mtim);
}

bool remove_name_of(const FileIdentity& identity, const char* path) {
  struct stat facts {};
  if (failed(system_call(SYS_newfstatat, AT_FDCWD, path, &facts, AT_SYMLINK_NOFOLLOW)))
    return false;
  if (facts.st_dev != identity.device || facts.st_ino != identity.inode) return false;
  return !failed(system_call(SYS_unlinkat, AT_FDCWD, path, 0));
}

}  // namespace pymemflow::platform
