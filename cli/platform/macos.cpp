// macOS: DYLD_INSERT_LIBRARIES, and the three that take it away from a program. System Integrity
// Protection does so for what lies in the system's folders, and with it for all that is started
// through a shell or an env from there; the hardened runtime for programs signed with it, unless
// they are entitled to it; and library validation lets such a program load nothing that its own
// maker, or Apple, has not signed.

#include <mach-o/dyld.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/platform/platform.h"

namespace pymemflow::cli::platform {
namespace {

namespace fs = std::filesystem;

const char* const kInstead =
    "use a Python of your own: Homebrew's, python.org's, pyenv's, conda's, or one of `python3 -m "
    "venv`";

// What a program prints, standard error included; nothing where it cannot be run.
std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* const pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return text;
  char piece[512];
  while (std::fgets(piece, sizeof piece, pipe) != nullptr) text += piece;
  ::pclose(pipe);
  return text;
}

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// As posix_spawnp() finds it, with links followed; empty: nowhere.
std::string find_program(const std::string& word) {
  std::error_code error;
  if (word.find('/') != std::string::npos) return fs::canonical(word, error).string();
  const char* const path = std::getenv("PATH");
  std::string rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string folder = rest.substr(0, colon);
    const std::string file = (folder.empty() ? "." : folder) + "/" + word;
    if (::access(file.c_str(), X_OK) == 0) return fs::canonical(file, error).string();
    if (colon == std::string::npos) return {};
    rest.erase(0, colon + 1);
  }
}

bool is_the_systems(const std::string& path) {
  for (const char* folder :
       {"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/libexec/", "/System/", "/usr/lib/"}) {
    if (path.starts_with(folder)) return true;
  }
  return false;
}

// Of a script, the program after #!; empty: it is none.
std::string interpreter_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line) || !line.starts_with("#!")) return {};
  const std::size_t first = line.find_first_not_of(" \t", 2);
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_first_of(" \t\r", first) - first);
}

Protection system_integrity() {
  const std::string said = output_of("/usr/bin/csrutil status");
  Protection found{.name = "System Integrity Protection", .state = "unknown", .meaning = {}};
  if (has(said, "enabled")) found.state = "on";
  if (has(said, "disabled")) found.state = "off";
  found.meaning =
      std::string("programs in the system's folders, /usr/bin/python3 among them, start ") +
      "without DYLD_INSERT_LIBRARIES; " + kInstead;
  return found;
}

Protection hardened_runtime(const std::string& signature, const std::string& entitlements) {
  const bool is_hardened = has(signature, "(runtime)") || has(signature, ",runtime");
  const bool is_entitled =
      has(entitlements, "com.apple.security.cs.allow-dyld-environment-variables");
  Protection found{.name = "hardened runtime", .state = is_hardened ? "on" : "off", .meaning = {}};
  found.is_in_the_way = is_hardened && !is_entitled;
  if (!is_hardened) {
    found.meaning = "the program is not signed with it";
  } else if (is_entitled) {
    found.meaning = "the program is entitled to DYLD_INSERT_LIBRARIES";
  } else {
    found.meaning = std::string("the program starts without DYLD_INSERT_LIBRARIES; ") + kInstead;
  }
  return found;
}

Protection library_validation(const std::string& signature, const std::string& entitlements) {
  const bool is_on = (has(signature, "(runtime)") || has(signature, ",runtime") ||
                      has(signature, "library-validation")) &&
                     !has(entitlements, "com.apple.security.cs.disable-library-validation");
  Protection found{.name = "library validation", .state = is_on ? "on" : "off", .meaning = {}};
  found.is_in_the_way = is_on;
  found.meaning = is_on ? std::string("the program loads no library of another maker; ") + kInstead
                        : "the program may load a library of another maker";
  return found;
}

}  // namespace

const char* const kPreloadVariable = "DYLD_INSERT_LIBRARIES";
const char* const kLibraryName = "libpymemflow.dylib";
const char* const kNotInPreload = ":";

std::string own_folder() {
  char path[4096];
  std::uint32_t bytes = sizeof path;
  if (::_NSGetExecutablePath(path, &bytes) != 0) return {};
  std::error_code error;
  return fs::canonical(path, error).parent_path().string();
}

// There is no such thing: orphans are launchd's.
void adopt_orphans() {}

std::vector<Protection> protections(const std::vector<std::string>& words) {
  std::vector<Protection> found = {system_integrity()};
  if (words.empty()) return found;
  std::string program = find_program(words.front());
  if (program.empty()) return found;
  const std::string interpreter = interpreter_of(program);
  if (!interpreter.empty()) program = find_program(interpreter);
  found.front().is_in_the_way = found.front().state != "off" && is_the_systems(program);
  const std::string signature = output_of("/usr/bin/codesign -d --verbose=2 " + quoted(program));
  const std::string entitlements =
      output_of("/usr/bin/codesign -d --entitlements - --xml " + quoted(program));
  found.push_back(hardened_runtime(signature, entitlements));
  found.push_back(library_validation(signature, entitlements));
  return found;
}

std::string reason_not_traceable(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const std::string program = find_program(words.front());
  if (program.empty()) return {};
  const std::string interpreter = interpreter_of(program);
  if (is_the_systems(interpreter)) {
    return program + " begins with #!" + interpreter +
           ", and macOS starts that without DYLD_INSERT_LIBRARIES: run it as `python3 " + program +
           "`, with a Python of your own";
  }
  for (const Protection& each : protections(words)) {
    if (each.is_in_the_way) return program + ": " + each.name + " is on: " + each.meaning;
  }
  return {};
}

}  // namespace pymemflow::cli::platform
