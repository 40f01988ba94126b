// Linux: LD_PRELOAD.

#include <sys/prctl.h>

#include <filesystem>

#include "cli/platform/platform.h"
#include "cli/platform/protections.h"

namespace pymemflow::cli::platform {

const char* const kPreloadVariable = "LD_PRELOAD";
const char* const kLibraryName = "libpymemflow.so";
// It is split at blanks and colons, and what begins with $ is expanded.
const char* const kNotInPreload = " :$";

std::string own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool is_from_terminal(const siginfo_t& facts) {
  return facts.si_code == SI_KERNEL;
}

// Who may not have a library put in front is told by the rights of its file.
std::vector<Protection> protections(const std::vector<std::string>&) {
  return {};
}

std::string reason_not_traceable(const std::vector<std::string>&) {
  return {};
}

}  // namespace pymemflow::cli::platform
