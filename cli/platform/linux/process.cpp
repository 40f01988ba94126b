// Another process, through its folder in /proc. A link there opens even a file that was deleted.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

#include "cli/platform/other_process.h"

namespace pymemflow::cli::platform {
namespace {

std::string folder_of(pid_t process) {
  return "/proc/" + std::to_string(process);
}

// The parent of the process; 0: it has ended. "4711 (name) S 4710 ...": a name may have brackets.
pid_t parent_of(pid_t process) {
  std::ifstream file(folder_of(process) + "/stat");
  std::string text;
  std::getline(file, text, '\0');
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos || text.size() < name_end + 5) return 0;
  const char state = text[name_end + 2];
  if (state == 'Z' || state == 'X') return 0;
  pid_t parent = 0;
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), parent);
  return parent;
}

RunningProcess describe(pid_t process) {
  RunningProcess described = {.process = process, .own_id = own_id(process)};
  const std::string folder = folder_of(process);
  std::error_code error;
  described.program = std::filesystem::read_symlink(folder + "/exe", error).string();
  std::ifstream words(folder + "/cmdline");
  described.words.assign(std::istreambuf_iterator<char>(words), {});
  return described;
}

}  // namespace

std::vector<RunningProcess> list_descendants() {
  std::map<pid_t, pid_t> parents;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t process = 0;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data(), end, process).ptr != end) continue;
    if (const pid_t parent = parent_of(process)) parents[process] = parent;
  }
  std::vector<RunningProcess> found;
  for (const auto& [process, parent] : parents) {
    pid_t above = parent;
    // A process may have ended meanwhile, and its id be used again: so no endless loop.
    for (std::size_t steps = 0; above > 1 && above != ::getpid() && steps < parents.size();
         ++steps) {
      const auto next = parents.find(above);
      above = next == parents.end() ? 0 : next->second;
    }
    if (above == ::getpid()) found.push_back(describe(process));
  }
  return found;
}

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
