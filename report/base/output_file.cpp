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
#include "report/base/output_path.h"

namespace pymemflow::report {
namespace {

constexpr int kAlways = O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;

int refuse(int file, int error) {
  if (file >= 0) close(file);
  errno = error;
  return -1;
}

int create_file(const char* path) {
  int file = -1;
  do {
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | kAlways, S_IRUSR | S_IWUSR);
  } while (file < 0 && errno == EINTR);
  return file;
}

// Opens a file that exists and is no link. open() would wait for the reader of a FIFO; here the
// reader has one second to come.
int open_existing(const char* path) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const int file = open(path, O_WRONLY | O_NONBLOCK | kAlways);
    if (file >= 0) {
      // From here on, writes block as they do for other files.
      const int flags = fcntl(file, F_GETFL);
      if (flags >= 0) fcntl(file, F_SETFL, flags & ~O_NONBLOCK);
      return file;
    }
    if (errno != ENXIO && errno != EINTR) return file;
    struct stat facts {};
    if (errno == ENXIO && lstat(path, &facts) == 0 && !S_ISFIFO(facts.st_mode)) {
      return refuse(file, ENODEV);
    }
    constexpr timespec kWait = {.tv_sec = 0, .tv_nsec = 10'000'000};
    nanosleep(&kWait, nullptr);
  }
  errno = ENXIO;
  return -1;
}

// Whether another user may have created the file to read the report.
bool is_foreign_file(const struct stat& facts, const char* path) {
  const bool can_be_made = S_ISREG(facts.st_mode) || S_ISFIFO(facts.st_mode);
  if (!can_be_made || !is_in_shared_folder(path)) return false;
  return facts.st_uid != geteuid() || facts.st_nlink > 1;
}

bool is_same_file(int a, int b) {
  struct stat one {};
  struct stat other {};
  if (fstat(a, &one) != 0 || fstat(b, &other) != 0) return false;
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Also where its head is damaged: the reader takes a file with a block for a capture.
bool begins_as_capture(int file) {
  std::uint64_t magic = 0;
  const auto is_there = [&](std::uint64_t wanted, off_t offset) {
    return pread(file, &magic, sizeof magic, offset) == ssize_t{sizeof magic} && magic == wanted;
  };
  return is_there(kFileMagic, 0) || is_there(kWindowsMagic, 0) || is_there(kCompressedMagic, 0) ||
         is_there(kBlockMagic, off_t{kFileAlignment});
}

// A descriptor for reading a regular file; -1 for anything else, without waiting and without
// effect.
int open_to_look(const char* path, int flags) {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
  struct stat facts {};
  if (file < 0 || (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))) return file;
  close(file);
  return -1;
}

bool is_kept(const char* path, int reading, int flags) {
  const int file = open_to_look(path, flags);
  if (file < 0) return false;
  const bool is_kept = (reading >= 0 && is_same_file(file, reading)) || begins_as_capture(file);
  close(file);
  return is_kept;
}

int duplicate(int descriptor, const char* path, int reading) {
  if (is_kept(path, reading, 0)) return refuse(-1, EEXIST);
  return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

bool make_empty(int file, const struct stat& facts) {
  return !S_ISREG(facts.st_mode) || ftruncate(file, 0) == 0;
}

// A file that can be written to without replacing anything.
bool is_stream(const struct stat& facts) {
  return S_ISCHR(facts.st_mode) || S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode);
}

}  // namespace

bool is_kept_file(const char* path, int reading) {
  return is_kept(path, reading, O_NOFOLLOW);
}

std::string_view output_problem(int error) {
  if (error == ENXIO) return "nobody reads this FIFO";
  if (error == ENODEV) return "there is no such device, or no terminal";
  if (error == EEXIST) return "is a capture, and an output never replaces a capture";
  return std::strerror(error);
}

int open_new_file(const char* path) {
  if (const int descriptor = descriptor_in(path); descriptor >= 0) {
    return duplicate(descriptor, path, -1);
  }
  const int made = create_file(path);
  if (made >= 0 || errno != EEXIST) return made;
  String target;
  struct stat facts {};
  if (!follow_links(path, target) || lstat(target.c_str(), &facts) != 0) return refuse(-1, EEXIST);
  if (S_ISDIR(facts.st_mode)) return refuse(-1, EISDIR);
  if (!is_stream(facts) || is_foreign_file(facts, target.c_str())) return refuse(-1, EEXIST);
  const int file = open_existing(target.c_str());
  if (file < 0) return file;
  // Another file may have come to the path meanwhile.
  const bool is_usable =
      fstat(file, &facts) == 0 && is_stream(facts) && !is_foreign_file(facts, target.c_str());
  return is_usable ? file : refuse(file, EEXIST);
}

int open_output_file(const char* path, int reading) {
  if (const int descriptor = descriptor_in(path); descriptor >= 0) {
    return duplicate(descriptor, path, reading);
  }
  const int made = create_file(path);
  if (made >= 0 || errno != EEXIST) return made;
  String target;
  if (!follow_links(path, target)) return -1;
  const int behind_link = create_file(target.c_str());
  if (behind_link >= 0 || errno != EEXIST) return behind_link;
  const int file = open_existing(target.c_str());
  if (file < 0) return errno == ELOOP ? refuse(-1, EACCES) : file;
  struct stat facts {};
  if (fstat(file, &facts) != 0 || is_foreign_file(facts, target.c_str())) {
    return refuse(file, EACCES);
  }
  if (is_kept_file(target.c_str(), reading)) return refuse(file, EEXIST);
  return make_empty(file, facts) ? file : refuse(file, errno);
}

}  // namespace pymemflow::report
