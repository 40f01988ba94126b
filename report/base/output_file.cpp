#include "report/base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "capture/block.h"
#include "report/base/memory.h"

namespace pymemflow::report {
namespace {

int open_file(const char* path, int flags) {
  int file = -1;
  do {
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, S_IRUSR | S_IWUSR);
  } while (file < 0 && errno == EINTR);
  return file;
}

// Opens a file that exists. open() would wait for the reader of a FIFO; here the reader has one
// second to come.
int open_existing(const char* path) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const int file = open_file(path, O_NONBLOCK);
    if (file >= 0) {
      // From here on, writes block as they do for other files.
      const int flags = fcntl(file, F_GETFL);
      if (flags >= 0) fcntl(file, F_SETFL, flags & ~O_NONBLOCK);
      return file;
    }
    if (errno != ENXIO) return file;
    constexpr timespec kWait = {.tv_sec = 0, .tv_nsec = 10'000'000};
    nanosleep(&kWait, nullptr);
  }
  errno = ENXIO;
  return -1;
}

// Whether the path is a symlink of another user. A user who can replace the link between this check
// and the opening can do so at any time, because the folder has no sticky bit.
bool is_foreign_link(const char* path) {
  struct stat facts;
  if (lstat(path, &facts) != 0 || !S_ISLNK(facts.st_mode)) return false;
  return facts.st_uid != geteuid() && facts.st_uid != 0;
}

bool is_folder_for_everybody(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const String folder(slash == 0                        ? std::string_view("/")
                      : slash == std::string_view::npos ? std::string_view(".")
                                                        : path.substr(0, slash));
  struct stat facts;
  return stat(folder.c_str(), &facts) != 0 || (facts.st_mode & S_IWOTH) != 0;
}

// Whether another user may have created the file to read the report.
bool is_foreign_file(int file, const char* path) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return true;
  const bool can_be_made = S_ISREG(facts.st_mode) || S_ISFIFO(facts.st_mode);
  if (!can_be_made || !is_folder_for_everybody(path)) return false;
  return facts.st_uid != geteuid() || facts.st_nlink > 1;
}

bool is_same_file(int a, int b) {
  struct stat one;
  struct stat other;
  if (fstat(a, &one) != 0 || fstat(b, &other) != 0) return false;
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Also where its head is damaged: the reader takes a file with a block for a capture.
bool begins_as_capture(int file) {
  std::uint64_t magic = 0;
  const auto is_there = [&](std::uint64_t wanted, off_t offset) {
    return pread(file, &magic, sizeof magic, offset) == ssize_t{sizeof magic} && magic == wanted;
  };
  return is_there(kFileMagic, 0) || is_there(kBlockMagic, off_t{kFileAlignment});
}

// A descriptor for reading a regular file; -1 for anything else, without waiting and without
// effect.
int open_to_look(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat facts;
  if (file < 0 || (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))) return file;
  close(file);
  return -1;
}

bool make_empty(int file) {
  struct stat facts;
  return fstat(file, &facts) == 0 && (!S_ISREG(facts.st_mode) || ftruncate(file, 0) == 0);
}

int refuse(int file, int error) {
  if (file >= 0) close(file);
  errno = error;
  return -1;
}

}  // namespace

bool is_kept_file(const char* path, int reading) {
  const int file = open_to_look(path);
  if (file < 0) return false;
  const bool is_kept = (reading >= 0 && is_same_file(file, reading)) || begins_as_capture(file);
  close(file);
  return is_kept;
}

std::string_view output_problem(int error) {
  if (error == ENXIO) return "nobody reads this FIFO";
  if (error == EEXIST) return "is a capture, and an output never replaces a capture";
  return std::strerror(error);
}

int open_output_file(const char* path, int reading) {
  const int made = open_file(path, O_EXCL);
  if (made >= 0 || errno != EEXIST) return made;
  if (is_foreign_link(path)) return refuse(-1, EACCES);
  const int file = open_existing(path);
  if (file < 0) return file;
  if (is_foreign_file(file, path)) return refuse(file, EACCES);
  if (is_kept_file(path, reading)) return refuse(file, EEXIST);
  return make_empty(file) ? file : refuse(file, errno);
}

}  // namespace pymemflow::report
