#include "cli/launch/program_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

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

}  // namespace

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
