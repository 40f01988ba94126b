// Linux: LD_PRELOAD.

#include <sys/prctl.h>

#include <filesystem>

#include "cli/platform/platform.h"
#include "cli/platform/protections.h"

namespace pymemflow::cli::platform {

const bool kHasProcessLog = true;
const char* const kPreloadVariable = "LD_PRELOAD";
const char* const kLibraryName = "libpymemflow.so";
// The loader splits the variable at blanks and colons, and expands words that begin with $.
const char* const kNotInPreload = " :$";

std::string own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

std::uint64_t peak_bytes_of(const rusage& usage) {
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

bool is_from_terminal(const siginfo_t& details) {
  return details.si_code == SI_KERNEL;
}

// Linux has none: the rights of the program's file decide (launch/program_file.h).
std::vector<Protection> protections(const std::vector<std::string>&) {
  return {};
}

std::string reason_not_traceable(const std::vector<std::string>&) {
  return {};
}

}  // namespace pymemflow::cli::platform
