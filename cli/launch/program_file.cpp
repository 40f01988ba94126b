#include "cli/launch/program_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string_view>

namespace pymemflow::cli {
namespace {

// Empty: no such program.
std::string find_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* const folders = std::getenv("PATH");
  std::string rest = folders == nullptr ? "/bin:/usr/bin" : folders;
  while (true) {
    const std::size_t end = rest.find(':');
    const std::string folder = rest.substr(0, end);
    std::string path = (folder.empty() ? "." : folder) + "/" + name;
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        ::access(path.c_str(), X_OK) == 0) {
      return path;
    }
    if (end == std::string::npos) return {};
    rest.erase(0, end + 1);
  }
}

// The first line after "#!"; empty: the file is not a script.
std::string interpreter_of(const std::string& path) {
  char text[256];
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  const ssize_t size = file < 0 ? 0 : ::pread(file, text, sizeof text, 0);
  if (file >= 0) ::close(file);
  const std::string start(text, size < 0 ? 0 : static_cast<std::size_t>(size));
  if (!start.starts_with("#!")) return {};
  const std::size_t begin = start.find_first_not_of(" \t", 2);
  const std::size_t end = start.find('\n');
  return begin == std::string::npos || begin >= end ? "?" : start.substr(begin, end - begin);
}

std::string extra_rights_of(const std::string& path, const struct stat& status) {
  std::string text;
  const auto add = [&text](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if ((status.st_mode & S_ISUID) != 0) add("set-user-id to user " + std::to_string(status.st_uid));
  const mode_t set_group = S_ISGID | S_IXGRP;
  if ((status.st_mode & set_group) == set_group) {
    add("set-group-id to group " + std::to_string(status.st_gid));
  }
  const std::string special = platform::special_rights_of(path);
  if (!special.empty()) add(special);
  return text;
}

std::string problem_of(const ProgramFile& file, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "it is a directory";
  if (!S_ISREG(status.st_mode)) return "it is not a file";
  if (::access(file.path.c_str(), X_OK) != 0) return std::strerror(errno);
  if (!file.image.is_program && file.interpreter.empty()) {
    return std::string("it is neither ") + platform::kProgramFormat + " nor a script";
  }
  return {};
}

// Programs that run the program in their words.
constexpr std::string_view kLaunchers[] = {
    "sh",     "bash",    "dash",    "ash",     "ksh",     "zsh",    "fish",   "busybox", "env",
    "sudo",   "su",      "doas",    "runuser", "setpriv", "nice",   "ionice", "nohup",   "timeout",
    "setsid", "unshare", "nsenter", "chroot",  "xargs",   "stdbuf", "taskset"};

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_python_name(const std::string& name) {
  return name.starts_with("python") || name.starts_with("pypy");
}

// A Python, or a program that starts one in its own process, has one of these names in it.
bool finds_python_in(const std::string& path) {
  constexpr std::string_view kNames[] = {"Py_BytesMain", "Py_RunMain", "Py_Main", "Py_Initialize"};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  const bool is_file = file >= 0 && ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  std::string window;
  std::string piece(std::size_t{1} << 20, '\0');
  bool is_found = false;
  // No Python is larger than that, and a file may have holes without end.
  constexpr int kMostPieces = 256;
  for (int pieces = 0; is_file && pieces < kMostPieces && !is_found; ++pieces) {
    const ssize_t size = ::read(file, piece.data(), piece.size());
    if (size <= 0) break;
    // A name may begin in the piece before.
    window = window.substr(window.size() - std::min<std::size_t>(window.size(), 16)) +
             piece.substr(0, static_cast<std::size_t>(size));
    is_found = std::any_of(std::begin(kNames), std::end(kNames), [&window](std::string_view name) {
      return window.find(name) != std::string::npos;
    });
  }
  if (file >= 0) ::close(file);
  return is_found;
}

// A program may have been executed a thousand times.
bool has_python_in_it(const std::string& path) {
  static std::map<std::string, bool> known;
  const auto [place, is_new] = known.emplace(path, false);
  if (is_new) place->second = finds_python_in(path);
  return place->second;
}

}  // namespace

bool may_run_python(const std::string& name, const std::string& words) {
  if (is_python_name(base_name(name))) return true;  // also a script that starts one
  const ProgramFile file = examine_file(name);
  const bool is_launcher = std::find(std::begin(kLaunchers), std::end(kLaunchers),
                                     base_name(name)) != std::end(kLaunchers);
  if (is_launcher) {
    return words.find("python") != std::string::npos || words.find("pypy") != std::string::npos ||
           words.find(".py") != std::string::npos;
  }
  if (!file.interpreter.empty()) {
    std::string by = file.interpreter;  // "/usr/bin/env python3 -u"
    std::replace(by.begin(), by.end(), ' ', '\0');
    return may_run_python(by.substr(0, by.find('\0')), by);
  }
  return has_python_in_it(file.path);
}

bool is_for_musl(const ProgramFile& file) {
  const std::string& loader = file.image.loader;
  return loader.substr(loader.rfind('/') + 1).starts_with("ld-musl-");
}

ProgramFile examine_file(const std::string& name) {
  ProgramFile file;
  file.asked = name;
  const std::string found = find_in_path(name);
  struct stat status {};
  if (found.empty() || ::stat(found.c_str(), &status) != 0) {
    file.problem = found.empty() ? "it is not in PATH" : std::strerror(errno);
    return file;
  }
  file.path = found;
  file.image = platform::read_program_image(found);
  file.interpreter = interpreter_of(found);
  file.extra_rights = extra_rights_of(found, status);
  file.problem = problem_of(file, status);
  return file;
}

}  // namespace pymemflow::cli
