#include "interpose/library/linux/kept_record.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "interpose/library/ending.h"
#include "platform/files.h"
#include "platform/linux/system_call.h"
#include "platform/path_text.h"

namespace pymemflow::interpose {
namespace {

using platform::failed;
using platform::PathText;
using platform::system_call;

constexpr unsigned kMaxTries = 1000;

// Tries pymemflow.PID.pmf, pymemflow.PID.2.pmf and so on; take(path) is 0 or a negative error
// number.
template <typename Take>
long with_free_name(std::string_view folder, std::uint32_t process, PathText& path, Take take) {
  long outcome = -EEXIST;
  for (unsigned number = 1; outcome == -EEXIST && number <= kMaxTries; ++number) {
    path.cut(0).add(folder).add("/pymemflow.").add(process);
    if (number > 1) path.add(".").add(number);
    path.add(".pmf");
    outcome = take(path.text());
  }
  return outcome;
}

long give_name(const char* link, std::string_view folder, std::uint32_t process, PathText& path) {
  return with_free_name(folder, process, path, [link](const char* name) {
    return system_call(SYS_linkat, AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
  });
}

long copy_bytes(int from, long to) {
  long offset = 0;
  const auto size = static_cast<long>(platform::file_bytes(from));
  while (offset < size) {
    const long sent = system_call(SYS_sendfile, to, from, &offset, size - offset);
    if (sent == -EINTR) continue;
    if (failed(sent)) return sent;
    if (sent == 0) return -EIO;
  }
  return 0;
}

long copy_to(int file, std::string_view folder, std::uint32_t process, PathText& path) {
  return with_free_name(folder, process, path, [file](const char* name) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const long copy = system_call(SYS_openat, AT_FDCWD, name, kFlags, 0600);
    if (failed(copy)) return copy;
    const long outcome = copy_bytes(file, copy);
    system_call(SYS_close, copy);
    if (failed(outcome)) platform::remove_file(name);
    return outcome;
  });
}

// Makes sure that a file can be opened. A program that exits needs its descriptors no more, so one
// of them is given up if all are in use: by this thread alone, before the others end with it.
void require_descriptor(int kept, EndKind kind) {
  const long free = system_call(SYS_fcntl, kept, F_DUPFD_CLOEXEC, 0);
  if (!failed(free)) {
    system_call(SYS_close, free);
  } else if (free == -EMFILE && kind == EndKind::Exit &&
             !failed(system_call(SYS_unshare, CLONE_FILES))) {
    system_call(SYS_close, kept == 0 ? 1 : 0);
  }
}

}  // namespace

int name_record(int file, std::uint32_t process, std::span<char> path_buffer) {
  // Of this thread: the first one, whose descriptors /proc/self has, may have ended.
  platform::OwnPathText<64> link;
  link.add("/proc/thread-self/fd/").add(static_cast<unsigned>(file));
  // "/var/tmp/#1234 (deleted)", or "/memfd:pymemflow (deleted)".
  char target[4096];
  const long bytes = system_call(SYS_readlinkat, AT_FDCWD, link.text(), target, sizeof target);
  if (failed(bytes)) return static_cast<int>(-bytes);
  const std::string_view old_path(target, static_cast<std::size_t>(bytes));
  if (old_path.starts_with("/memfd:")) return EXDEV;
  PathText path(path_buffer);
  const std::string_view folder = old_path.substr(0, old_path.rfind('/'));
  return static_cast<int>(-give_name(link.text(), folder, process, path));
}

int keep_record(int file, EndKind kind, std::uint32_t process, std::span<char> path_buffer) {
  long outcome = -name_record(file, process, path_buffer);
  if (outcome == 0) return 0;
  require_descriptor(file, kind);
  PathText path(path_buffer);
  for (const std::string_view folder : {"/var/tmp", "/tmp"}) {
    if (outcome == 0) break;
    outcome = copy_to(file, folder, process, path);
  }
  return static_cast<int>(-outcome);
}

}  // namespace pymemflow::interpose
