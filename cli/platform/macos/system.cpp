// macOS: DYLD_INSERT_LIBRARIES. The python3 of a framework build replaces itself by another program
// (Resources/Python.app, by a posix_spawn() that acts as an exec) and passes its environment on.
// dyld removes the variable only for programs that must not have it (protections.cpp), so the
// library is inserted again. Allocations of the first program are not recorded, because no Python
// ran in it.

#include <libproc.h>
#include <mach-o/dyld.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>

#include "cli/platform/platform.h"

namespace pymemflow::cli::platform {
namespace {

bool get_facts(pid_t process, proc_bsdinfo& facts) {
  return ::proc_pidinfo(process, PROC_PIDTBSDINFO, 0, &facts, sizeof facts) == int{sizeof facts};
}

}  // namespace

const bool kHasProcessLog = false;
const char* const kPreloadVariable = "DYLD_INSERT_LIBRARIES";
const char* const kLibraryName = "libpymemflow.dylib";
const char* const kNotInPreload = ":";

std::string own_folder() {
  std::uint32_t bytes = 0;
  ::_NSGetExecutablePath(nullptr, &bytes);
  std::string path(bytes, '\0');
  if (::_NSGetExecutablePath(path.data(), &bytes) != 0) return {};
  std::error_code error;
  return std::filesystem::canonical(path.c_str(), error).parent_path().string();
}

// macOS gives all orphans to launchd.
void adopt_orphans() {}

std::uint64_t peak_bytes_of(const rusage& usage) {
  return static_cast<std::uint64_t>(usage.ru_maxrss);
}

// The signal does not tell. Signals of a terminal go to the process group in its foreground, and
// have the process id of the program that drives the terminal (an emulator, sshd, tmux), which is
// on none, or on another one. A kill() from another terminal looks the same while we are in the
// foreground: that one is taken for the terminal's.
bool is_from_terminal(const siginfo_t& details) {
  if (details.si_signo != SIGINT && details.si_signo != SIGQUIT) return false;
  proc_bsdinfo ours;
  if (!get_facts(::getpid(), ours) || ours.e_tpgid != ours.pbi_pgid) return false;
  proc_bsdinfo senders;
  // The system tells nothing about a process of another user. Such a process may not signal us, so
  // a terminal did.
  return details.si_pid == 0 || !get_facts(details.si_pid, senders) ||
         senders.e_tdev != ours.e_tdev;
}

}  // namespace pymemflow::cli::platform
