// How a file is started, and whether it can be: part of the examination.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/doctor/probe.h"

namespace pymemflow::cli::doctor {
namespace {

// As execvp() looks for it; empty: nowhere.
std::string find_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* const folders = std::getenv("PATH");
  std::string rest = folders == nullptr ? "/bin:/usr/bin" : folders;
  while (true) {
    const std::size_t end = rest.find(':');
    const std::string folder = rest.substr(0, end);
    const std::string path = (folder.empty() ? "." : folder) + "/" + name;
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
        ::access(path.c_str(), X_OK) == 0) {
      return path;
    }
    if (end == std::string::npos) return {};
    rest.erase(0, end + 1);
  }
}

// What stands behind "#!"; empty: it is no script.
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

std::string extra_rights_of(const std::string& path, const struct stat& facts) {
  std::string text;
  const auto add = [&text](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if ((facts.st_mode & S_ISUID) != 0) add("set-user-id to user " + std::to_string(facts.st_uid));
  const mode_t set_group = S_ISGID | S_IXGRP;
  if ((facts.st_mode & set_group) == set_group) {
    add("set-group-id to group " + std::to_string(facts.st_gid));
  }
  const std::string special = platform::special_rights_of(path);
  if (!special.empty()) add(special);
  return text;
}

std::string problem_of(const ProgramFile& file, const struct stat& facts) {
  if (S_ISDIR(facts.st_mode)) return "it is a folder";
  if (!S_ISREG(facts.st_mode)) return "it is not a file";
  if (::access(file.path.c_str(), X_OK) != 0) return std::strerror(errno);
  if (!file.image.is_program && file.interpreter.empty()) {
    return std::string("it is neither ") + platform::kProgramFormat + " nor a script";
  }
  return {};
}

}  // namespace

bool is_for_musl(const ProgramFile& file) {
  return std::filesystem::path(file.image.loader).filename().string().starts_with("ld-musl-");
}

ProgramFile examine_file(const std::string& name) {
  ProgramFile file;
  file.asked = name;
  const std::string found = find_in_path(name);
  struct stat facts {};
  if (found.empty() || ::stat(found.c_str(), &facts) != 0) {
    file.problem = found.empty() ? "it is not in the PATH" : std::strerror(errno);
    return file;
  }
  file.path = found;
  file.image = platform::read_program_image(found);
  file.interpreter = interpreter_of(found);
  file.extra_rights = extra_rights_of(found, facts);
  file.problem = problem_of(file, facts);
  return file;
}

}  // namespace pymemflow::cli::doctor
