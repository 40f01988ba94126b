#include "report/base/output_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace pymemflow::report {
namespace {

// As many as the kernel follows.
constexpr int kMostLinks = 40;

bool is_trusted(uid_t user) {
  return user == ::geteuid() || user == 0;
}

String folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return String(path.substr(0, slash == 0 ? 1 : slash));
}

struct Folder {
  bool is_shared = true;
  bool is_sticky = false;  // others cannot rename or remove what is not theirs
};

Folder look_at_folder(std::string_view path) {
  struct stat facts {};
  if (::stat(folder_of(path).c_str(), &facts) != 0) return {};
  const bool is_open_to_group =
      (facts.st_mode & S_IWGRP) != 0 && facts.st_gid != ::getegid() && facts.st_gid != 0;
  const bool is_ours = is_trusted(facts.st_uid);
  return {.is_shared = !is_ours || (facts.st_mode & S_IWOTH) != 0 || is_open_to_group,
          .is_sticky = is_ours && (facts.st_mode & S_ISVTX) != 0};
}

bool may_be_followed(const struct stat& link, const char* path) {
  if (!is_trusted(link.st_uid)) return false;
  const Folder folder = look_at_folder(path);
  return !folder.is_shared || (folder.is_sticky && link.st_nlink == 1);
}

bool fail_with(int error) {
  errno = error;
  return false;
}

}  // namespace

int folder_problem(std::string_view path) {
  if (descriptor_in(path) >= 0) return 0;
  char copy[PATH_MAX];
  if (path.size() >= sizeof copy) return ENAMETOOLONG;
  copy[path.copy(copy, sizeof copy - 1)] = '\0';
  struct stat facts {};
  // A pipe or a device is written to as it is.
  const bool exists = ::stat(copy, &facts) == 0;
  if (exists && S_ISDIR(facts.st_mode)) return EISDIR;
  if (exists && !S_ISREG(facts.st_mode)) return 0;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ::access(".", W_OK | X_OK) == 0 ? 0 : errno;
  copy[slash == 0 ? 1 : slash] = '\0';
  return ::access(copy, W_OK | X_OK) == 0 ? 0 : errno;
}

bool takes_several_reports(const char* path) {
  struct stat facts {};
  return descriptor_in(path) >= 0 || (::stat(path, &facts) == 0 && S_ISCHR(facts.st_mode));
}

bool is_in_shared_folder(const char* path) {
  return look_at_folder(path).is_shared;
}

bool follow_links(const char* path, String& result) {
  result = path;
  for (int links = 0; links < kMostLinks; ++links) {
    struct stat facts {};
    const bool is_there = ::lstat(result.c_str(), &facts) == 0;
    if (!is_there) return errno == ENOENT;
    if (!S_ISLNK(facts.st_mode)) return true;
    if (!may_be_followed(facts, result.c_str())) return fail_with(EACCES);
    char text[PATH_MAX];
    const ssize_t bytes = ::readlink(result.c_str(), text, sizeof text);
    if (bytes < 0) return false;
    const std::string_view target(text, static_cast<std::size_t>(bytes));
    String next = target.starts_with('/') ? String() : folder_of(result);
    if (!next.empty()) next += '/';
    next += target;
    result = std::move(next);
  }
  return fail_with(ELOOP);
}

}  // namespace pymemflow::report
