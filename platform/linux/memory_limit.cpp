#include "platform/linux/memory_limit.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "platform/files.h"
#include "platform/linux/system_call.h"
#include "platform/path_text.h"

namespace pymemflow::platform {
namespace {

constexpr std::size_t kMaxPath = 1024;
constexpr std::size_t kMaxLine = 2048;

using Path = OwnPathText<kMaxPath>;

// Hands out the lines of a file; of a line that is too long, the first part.
class Lines {
 public:
  explicit Lines(const char* path)
      : file_(system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC)) {}
  ~Lines() {
    if (!failed(file_)) system_call(SYS_close, file_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool next(std::string_view& line) {
    for (;;) {
      std::memmove(buffer_, buffer_ + taken_, used_ - taken_);
      used_ -= taken_;
      taken_ = 0;
      const bool is_end = !fill();
      if (used_ == 0) return false;
      const void* const end = std::memchr(buffer_, '\n', used_);
      const std::size_t bytes =
          end == nullptr ? used_
                         : static_cast<std::size_t>(static_cast<const char*>(end) - buffer_);
      taken_ = bytes + (end == nullptr ? 0 : 1);
      line = {buffer_, bytes};
      const bool is_rest = is_cut_;
      is_cut_ = end == nullptr && !is_end;
      if (!is_rest) return true;
    }
  }

 private:
  // False: the file has no more than what the buffer holds.
  bool fill() {
    while (used_ < sizeof buffer_) {
      if (failed(file_)) return false;
      const long got = system_call(SYS_read, file_, buffer_ + used_, sizeof buffer_ - used_);
      if (got == -EINTR) continue;
      if (got <= 0) return false;
      used_ += static_cast<std::size_t>(got);
    }
    return true;
  }

  const long file_;
  bool is_cut_ = false;
  char buffer_[kMaxLine];
  std::size_t used_ = 0;
  std::size_t taken_ = 0;
};

// Takes the text up to the separator off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view front = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return front;
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (take(list, ',') == word) return true;
  }
  return false;
}

// Finds the path of the process in the hierarchy that limits its memory: "4:memory:/a/b" of version
// 1, else "0::/a/b" of version 2.
bool find_group(std::string_view root, bool is_version_1, Path& group) {
  Path path;
  path.add(root).add("/proc/self/cgroup");
  Lines lines(path.text());
  std::string_view line;
  while (lines.next(line)) {
    const std::string_view number = take(line, ':');
    const std::string_view controllers = take(line, ':');
    const bool is_it =
        is_version_1 ? has_word(controllers, "memory") : number == "0" && controllers.empty();
    if (is_it) return group.cut(0).add(line), true;
  }
  return false;
}

// Finds the folder of the group, and the length of its first part, which is the mount. A line of
// mountinfo: "36 35 0:30 /a /sys/fs/cgroup rw,nosuid shared:5 - cgroup2 cgroup rw,memory".
bool find_folder(std::string_view root, bool is_version_1, std::string_view group, Path& folder,
                 std::size_t& mount_bytes) {
  Path path;
  path.add(root).add("/proc/self/mountinfo");
  Lines lines(path.text());
  std::string_view line;
  while (lines.next(line)) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view kind = line.substr(dash + 3);
    const std::string_view type = take(kind, ' ');
    take(kind, ' ');  // the source
    if (type != (is_version_1 ? "cgroup" : "cgroup2")) continue;
    if (is_version_1 && !has_word(kind, "memory")) continue;
    for (int i = 0; i < 3; ++i) take(line, ' ');
    const std::string_view mounted = take(line, ' ');
    const std::string_view mount = take(line, ' ');
    if (!mount.starts_with('/')) continue;
    folder.cut(0).add(root).add(mount);
    mount_bytes = folder.view().size();
    // A container may see a part of the hierarchy alone.
    const std::string_view above = mounted == "/" ? std::string_view() : mounted;
    if (group.starts_with(above) && group != "/") folder.add(group.substr(above.size()));
    return mount_bytes != 0 && folder.view().size() >= mount_bytes;
  }
  return false;
}

std::uint64_t limit_of(std::string_view folder, bool is_version_1) {
  Path path;
  path.add(folder).add(is_version_1 ? "/memory.limit_in_bytes" : "/memory.max");
  Lines lines(path.text());
  std::string_view line;
  return lines.next(line) ? parse_memory_limit(line) : kNoMemoryLimit;
}

bool is_in_memory(int file) {
  struct statfs disk {};
  if (failed(system_call(SYS_fstatfs, file, &disk))) return false;
  return disk.f_type == TMPFS_MAGIC || disk.f_type == RAMFS_MAGIC;
}

}  // namespace

std::uint64_t parse_memory_limit(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::uint64_t bytes = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return is_number && !text.empty() ? std::min(bytes, kNoMemoryLimit) : kNoMemoryLimit;
}

std::uint64_t find_memory_limit(std::string_view root) {
  std::uint64_t limit = kNoMemoryLimit;
  for (const bool is_version_1 : {true, false}) {
    Path group;
    Path folder;
    std::size_t mount_bytes = 0;
    if (!find_group(root, is_version_1, group) ||
        !find_folder(root, is_version_1, group.view(), folder, mount_bytes)) {
      continue;
    }
    for (;;) {
      limit = std::min(limit, limit_of(folder.view(), is_version_1));
      if (folder.view().size() <= mount_bytes) break;
      folder.cut(std::max(folder.view().rfind('/'), mount_bytes));
    }
  }
  return limit;
}

std::uint64_t default_limit_for(int file) {
  // Looked up once: a forked child comes here on any stack, and is in its parent's group.
  static constinit std::atomic<std::uint64_t> memory_limit{0};
  const std::uint64_t half = free_bytes_for(file) / 2;
  if (!is_in_memory(file)) return half;
  std::uint64_t limit = memory_limit.load(std::memory_order_relaxed);
  if (limit == 0) {
    limit = find_memory_limit();
    memory_limit.store(limit, std::memory_order_relaxed);
  }
  return std::min(half, limit / 8);
}

}  // namespace pymemflow::platform
