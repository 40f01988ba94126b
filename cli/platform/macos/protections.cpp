// The three protections of macOS. System Integrity Protection removes DYLD_INSERT_LIBRARIES for the
// system's own programs, and so for everything that starts through the system's shell or env. The
// hardened runtime removes it for programs signed with it, unless an entitlement allows it. Library
// validation lets a program load only libraries signed by its own maker or by Apple.

#include "cli/platform/protections.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace pymemflow::cli::platform {
namespace {

namespace fs = std::filesystem;

const char* const kInstead =
    "Use a Python of your own: from Homebrew, python.org, pyenv or conda, or a virtual environment "
    "made with it.";

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// The output of a program, standard error included; empty if it cannot be run.
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

// Looks in the PATH as posix_spawnp() does. Empty: there is no such program.
std::string find_program(const std::string& word) {
  if (word.find('/') != std::string::npos) return ::access(word.c_str(), X_OK) == 0 ? word : "";
  const char* const path = std::getenv("PATH");
  std::string rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string folder = rest.substr(0, colon);
    const std::string file = (folder.empty() ? "." : folder) + "/" + word;
    std::error_code error;
    if (fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0) return file;
    if (colon == std::string::npos) return {};
    rest.erase(0, colon + 1);
  }
}

std::string without_links(const std::string& path) {
  std::error_code error;
  const std::string real = fs::canonical(path, error).string();
  return error ? path : real;
}

bool is_the_systems(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_flags & SF_RESTRICTED) != 0) return true;
  for (const char* folder :
       {"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/libexec/", "/System/", "/usr/lib/"}) {
    if (path.starts_with(folder)) return true;
  }
  return false;
}

// The words after the #! of a script; empty: the file is not a script.
struct FirstLine {
  std::string program;
  std::string argument;
};
FirstLine first_line_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (file.get() != '#' || file.get() != '!' || !std::getline(file, line)) return {};
  constexpr const char* kBlanks = " \t\r";
  FirstLine words;
  for (std::string* const word : {&words.program, &words.argument}) {
    const std::size_t start = line.find_first_not_of(kBlanks);
    if (start == std::string::npos) break;
    line.erase(0, start);
    *word = line.substr(0, line.find_first_of(kBlanks));
    line.erase(0, word->size());
  }
  return words;
}

// The files that run one after another when the program is started: a script's interpreter, and the
// program by which the python3 of a framework replaces itself.
std::vector<std::string> files_of(const std::string& program) {
  std::vector<std::string> files;
  const FirstLine line = first_line_of(program);
  files.push_back(without_links(line.program.empty() ? program : line.program));
  const fs::path file(files.front());
  const fs::path version = file.parent_path().parent_path();
  if (version.parent_path().filename() == "Versions") {
    const fs::path application = version / "Resources/Python.app/Contents/MacOS/Python";
    std::error_code error;
    if (fs::exists(application, error)) files.push_back(application.string());
  }
  return files;
}

// The signature of a file: its flags ("flags=0x10002(adhoc,runtime)") and its entitlements.
struct Signature {
  bool is_apples = false;  // part of the system, wherever it lies
  bool is_hardened = false;
  bool validates_libraries = false;
  bool may_be_inserted_into = false;
};
Signature read_signature(const std::string& path) {
  const std::string said =
      output_of("/usr/bin/codesign -d --verbose=4 --entitlements - " + quoted(path));
  const auto has_flag = [&said](const char* flag) {
    return has(said, (std::string("(") + flag).c_str()) ||
           has(said, (std::string(",") + flag).c_str());
  };
  Signature signature;
  signature.is_apples = has(said, "Platform identifier=");
  signature.is_hardened = has_flag("runtime");
  signature.validates_libraries = (signature.is_hardened || has_flag("library-validation")) &&
                                  !has(said, "com.apple.security.cs.disable-library-validation");
  signature.may_be_inserted_into =
      has(said, "com.apple.security.cs.allow-dyld-environment-variables");
  return signature;
}

std::string integrity_state() {
  const std::string said = output_of("/usr/bin/csrutil status");
  return has(said, "disabled") ? "off" : has(said, "enabled") ? "on" : "unknown";
}

// Judges each protection by the first file that it concerns. If the first protection is off, the
// others may still admit the library, which only a trial shows.
std::vector<Protection> judge(const std::vector<std::string>& files) {
  const std::string state = integrity_state();
  const bool is_strict = state != "off";
  Protection integrity{
      "System Integrity Protection", state, "it does not restrict this program", {}};
  Protection hardened{"hardened runtime", "off", "the program is not signed with it", {}};
  Protection validation{"library validation", "off", "the program may load any library", {}};
  for (const std::string& file : files) {
    const Signature signature = read_signature(file);
    if (!integrity.prevents_tracing && (signature.is_apples || is_the_systems(file))) {
      integrity.meaning =
          file + " belongs to the system, which starts it without DYLD_INSERT_LIBRARIES";
      integrity.advice = kInstead;
      integrity.prevents_tracing = is_strict;
    }
    if (!hardened.prevents_tracing && signature.is_hardened) {
      hardened.state = "on";
      hardened.meaning = file + " has the entitlement for DYLD_INSERT_LIBRARIES";
      if (!signature.may_be_inserted_into) {
        hardened.meaning =
            file + " has no entitlement for DYLD_INSERT_LIBRARIES, and starts without it";
        hardened.advice = kInstead;
        hardened.prevents_tracing = is_strict;
      }
    }
    if (!validation.prevents_tracing && signature.validates_libraries) {
      validation.state = "on";
      validation.meaning = file + " loads only the libraries of its own developer and of Apple";
      validation.advice = kInstead;
      validation.prevents_tracing = is_strict;
    }
  }
  return {integrity, hardened, validation};
}

// The command to type instead of a script whose interpreter is the system's.
std::string advice_for_script(const FirstLine& line, const std::string& program) {
  const std::string interpreter =
      fs::path(line.argument.empty() ? line.program : line.argument).filename().string();
  if (interpreter.starts_with("python")) {
    return "Run `" + interpreter + " " + program + "` with a Python of your own.";
  }
  if (program.find("/shims/") != std::string::npos) {
    const std::string name = fs::path(program).filename().string();
    return "Use the program behind it, `$(pyenv which " + name + ")`.";
  }
  return "Use the Python that it starts.";
}

}  // namespace

std::vector<Protection> protections(const std::vector<std::string>& words) {
  const std::string program = words.empty() ? "" : find_program(words.front());
  if (program.empty()) return judge({});
  std::vector<Protection> found = judge(files_of(program));
  const FirstLine line = first_line_of(program);
  if (found.front().prevents_tracing && is_the_systems(line.program)) {
    found.front().meaning = program + " begins with #!" + line.program +
                            ", which belongs to the system: it and all that it starts run without "
                            "DYLD_INSERT_LIBRARIES";
    found.front().advice = advice_for_script(line, program);
  }
  return found;
}

std::string reason_not_traceable(const std::vector<std::string>& words) {
  if (words.empty() || find_program(words.front()).empty()) return {};
  for (const Protection& each : protections(words)) {
    if (each.prevents_tracing) return each.name + ": " + each.meaning + ". " + each.advice;
  }
  return {};
}

}  // namespace pymemflow::cli::platform
