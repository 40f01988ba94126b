// Another process, through its folder in /proc. A link there opens even a file that was deleted.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <string_view>

#include "cli/platform/other_process.h"

namespace pymemflow::cli::platform {
namespace {

std::string folder_of(pid_t process) {
  return "/proc/" + std::to_string(process);
}

}  // namespace

bool list_open_files(pid_t process, std::vector<OpenFile>& files) {
  const std::string folder = folder_of(process) + "/fd/";
  DIR* const entries = ::opendir(folder.c_str());
  if (entries == nullptr) {
    if (errno == ENOENT) errno = ESRCH;
    return false;
  }
  for (const dirent* each = ::readdir(entries); each != nullptr; each = ::readdir(entries)) {
    if (each->d_name[0] == '.') continue;
    const std::string path = folder + each->d_name;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    files.push_back({.path = path,
                     .bytes = static_cast<std::uint64_t>(status.st_size),
                     .device = status.st_dev,
                     .inode = status.st_ino});
  }
  ::closedir(entries);
  return true;
}

int open_again(const OpenFile& file) {
  const int again = ::open(file.path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (again < 0) return -1;
  if (::fstat(again, &status) == 0 && status.st_dev == file.device && status.st_ino == file.inode) {
    return again;
  }
  ::close(again);
  return -1;
}

bool find_owner(pid_t process, uid_t& owner) {
  struct stat status {};
  if (::stat(folder_of(process).c_str(), &status) != 0) return false;
  owner = status.st_uid;
  return true;
}

// "NSpid: 4711 12": an id per namespace; the process's own is the last.
pid_t own_id(pid_t process) {
  constexpr std::string_view kIds = "NSpid:";
  std::ifstream status(folder_of(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(kIds)) continue;
    const std::string id = line.substr(line.find_last_of(" \t") + 1);
    pid_t number = process;
    std::from_chars(id.data(), id.data() + id.size(), number);
    return number;
  }
  return process;
}

bool has_library(pid_t process, const std::string& name) {
  std::ifstream maps(folder_of(process) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/" + name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace pymemflow::cli::platform
