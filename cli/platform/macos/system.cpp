// macOS: DYLD_INSERT_LIBRARIES. The python3 of a framework build starts another program in its own
// place (Resources/Python.app, by a posix_spawn() that is an exec) and hands its environment on:
// dyld takes the variable out of the environment of those programs alone that it denies it to
// (macos_protections.cpp), so the library is inserted there again, and what the first of the two
// allocated is in no record, since no Python ran in it.

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

// There is no such thing: orphans are launchd's.
void adopt_orphans() {}

// Nothing in the signal says so. A terminal's signals go to the group in its foreground, and bear
// the process id of the program that drives the terminal (an emulator, sshd, tmux), which is on
// none, or on another one. A kill() from another terminal looks the same while we are in the
// foreground: that one is taken for the terminal's.
bool is_from_terminal(const siginfo_t& facts) {
  if (facts.si_signo != SIGINT && facts.si_signo != SIGQUIT) return false;
  proc_bsdinfo ours;
  if (!get_facts(::getpid(), ours) || ours.e_tpgid != ours.pbi_pgid) return false;
  proc_bsdinfo senders;
  // Of another user's process nothing is told: then it is not one that may signal us, but a
  // terminal.
  return facts.si_pid == 0 || !get_facts(facts.si_pid, senders) || senders.e_tdev != ours.e_tdev;
}

}  // namespace pymemflow::cli::platform
