// Files, on macOS.

#include "platform/files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "platform/clock.h"
#include "platform/errno_keeper.h"
#include "platform/process.h"
#include "platform/write_some.h"

namespace pymemflow::platform {
namespace {

// Programs count on low descriptors (select, closing 3 to 255, dup2 to a chosen number). If the
// limit is still the default of 256, a descriptor above the standard ones is used.
constexpr int kLowestDescriptor = 512;

constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;

int raise_descriptor(int low) {
  if (low < 0) return -1;
  int high = ::fcntl(low, F_DUPFD_CLOEXEC, kLowestDescriptor);
  if (high < 0) high = ::fcntl(low, F_DUPFD_CLOEXEC, 3);
  ::close(low);
  return high;
}

// macOS has no files without a name, so a file is created and its name removed. -1: not in this
// folder.
int open_in(const char* folder) {
  static constinit std::atomic<unsigned> last_number{0};
  constexpr std::string_view kName = "/pymemflow.";
  char path[MAXPATHLEN];
  const std::size_t length = std::strlen(folder);
  if (length + kName.size() + 64 > sizeof path) return -1;
  std::memcpy(path, folder, length);
  std::memcpy(path + length, kName.data(), kName.size());
  char* end = path + length + kName.size();
  char* const limit = path + sizeof path - 1;
  for (const std::uint64_t part :
       {std::uint64_t{process_id()}, monotonic_ns(), std::uint64_t{last_number.fetch_add(1)}}) {
    end = std::to_chars(end, limit, part).ptr;
    *end++ = '.';
  }
  *end = '\0';
  const int file =
      ::open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file >= 0) ::unlink(path);
  return file;
}

int open_existing(const char* path, int access) {
  const ErrnoKeeper keeper;
  const int file = ::open(path, access | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  return file < 0 ? -errno : file;
}

}  // namespace

int open_nameless_file() {
  const ErrnoKeeper keeper;
  // TMPDIR is the user's own folder there, on the disk.
  for (const char* folder : {static_cast<const char*>(std::getenv("TMPDIR")), "/var/tmp", "/tmp"}) {
    if (folder == nullptr || *folder == '\0') continue;
    const int file = raise_descriptor(open_in(folder));
    if (file >= 0) return file;
  }
  return -ENOENT;
}

int make_file(const char* path) {
  const ErrnoKeeper keeper;
  const int low =
      ::open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (low < 0) return -errno;
  const int file = raise_descriptor(low);
  return file < 0 ? -EMFILE : file;
}

int open_to_read(const char* path) {
  return open_existing(path, O_RDONLY);
}

int open_file(const char* path) {
  return open_existing(path, O_RDWR);
}

void remove_file(const char* path) {
  const ErrnoKeeper keeper;
  ::unlink(path);
}

void close_file(int file) {
  const ErrnoKeeper keeper;
  ::close(file);
}

void move_file(int from, int to) {
  const ErrnoKeeper keeper;
  ::dup2(from, to);
  ::fcntl(to, F_SETFD, FD_CLOEXEC);
  ::close(from);
}

std::uint64_t free_bytes_for(int file) {
  const ErrnoKeeper keeper;
  struct statfs disk {};
  if (::fstatfs(file, &disk) != 0 || disk.f_blocks == 0) return kUnlimited;
  return disk.f_bavail * std::uint64_t{disk.f_bsize};
}

std::uint64_t default_limit_for(int file) {
  return free_bytes_for(file) / 2;
}

std::uint64_t allowed_file_bytes() {
  const ErrnoKeeper keeper;
  struct rlimit allowed {};
  if (::getrlimit(RLIMIT_FSIZE, &allowed) != 0) return kUnlimited;
  return allowed.rlim_cur == RLIM_INFINITY ? kUnlimited : allowed.rlim_cur;
}

// F_PREALLOCATE takes the space after the end of the file; a byte written at the end of the range
// makes the range part of the file. Not ftruncate(), which could cut off what another thread has
// just added.
int reserve_file(int file, std::uint64_t offset, std::size_t bytes) {
  const ErrnoKeeper keeper;
  fstore_t space = {.fst_flags = F_ALLOCATEALL,
                    .fst_posmode = F_PEOFPOSMODE,
                    .fst_offset = 0,
                    .fst_length = static_cast<off_t>(bytes),
                    .fst_bytesalloc = 0};
  if (::fcntl(file, F_PREALLOCATE, &space) == 0) {
    constexpr char kZero = 0;
    return write_file(file, &kZero, 1, offset + bytes - 1);
  }
  if (errno == ENOSPC) return ENOSPC;
  // The disk does not support it.
  static constexpr char kZeros[4096] = {};
  for (std::size_t done = 0; done < bytes; done += sizeof kZeros) {
    if (const int error = write_file(file, kZeros, sizeof kZeros, offset + done)) return error;
  }
  return 0;
}

long write_some(int file, const void* data, std::size_t bytes, std::uint64_t offset) {
  const ErrnoKeeper keeper;
  const ssize_t outcome = ::pwrite(file, data, bytes, static_cast<off_t>(offset));
  return outcome < 0 ? -errno : outcome;
}

long write_some(int file, std::span<const char> front, const void* data, std::size_t bytes,
                std::uint64_t offset) {
  const ErrnoKeeper keeper;
  const iovec parts[] = {{const_cast<char*>(front.data()), front.size()},
                         {const_cast<void*>(data), bytes}};
  const ssize_t outcome = ::pwritev(file, parts, 2, static_cast<off_t>(offset));
  return outcome < 0 ? -errno : outcome;
}

long read_file(int file, void* data, std::size_t bytes, std::uint64_t offset) {
  const ErrnoKeeper keeper;
  ssize_t outcome;
  do {
    outcome = ::pread(file, data, bytes, static_cast<off_t>(offset));
  } while (outcome < 0 && errno == EINTR);
  return outcome < 0 ? -errno : outcome;
}

std::uint64_t next_data(int file, std::uint64_t offset) {
  const ErrnoKeeper keeper;
  const off_t outcome = ::lseek(file, static_cast<off_t>(offset), SEEK_DATA);
  if (outcome < 0) return errno == ENXIO ? kNoData : offset;
  return static_cast<std::uint64_t>(outcome);
}

std::uint64_t file_bytes(int file) {
  const ErrnoKeeper keeper;
  const off_t end = ::lseek(file, 0, SEEK_END);
  return end < 0 ? 0 : static_cast<std::uint64_t>(end);
}

bool identify_file(int file, FileIdentity& identity) {
  FileState state{};
  if (!look_at_file(file, state)) return false;
  identity = state.identity;
  return true;
}

bool look_at_file(int file, FileState& state) {
  const ErrnoKeeper keeper;
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return false;
  state = {{static_cast<std::uint64_t>(facts.st_dev), facts.st_ino},
           static_cast<std::uint64_t>(facts.st_size),
           facts.st_nlink};
  return true;
}

std::uint64_t changed_ns(const char* path) {
  const ErrnoKeeper keeper;
  struct stat facts {};
  if (::lstat(path, &facts) != 0) return 0;
  return nanoseconds(facts.st_mtimespec);
}

bool remove_name_of(const FileIdentity& identity, const char* path) {
  const ErrnoKeeper keeper;
  struct stat facts {};
  if (::lstat(path, &facts) != 0 || facts.st_ino != identity.inode ||
      static_cast<std::uint64_t>(facts.st_dev) != identity.device) {
    return false;
  }
  return ::unlink(path) == 0;
}

}  // namespace pymemflow::platform
