#pragma once
// The system's contract with the command: preloading a library, the folder of the command, signals
// and orphans. One thread, except is_from_terminal(). The other headers of this folder are parts of
// the contract too: program_image.h, other_process.h, protections.h, doctor.h.
//
// To add a system: a folder beside `linux`; tests/unit/command_platform_test.cpp tests the
// contract.

#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <string>

namespace pymemflow::cli::platform {

// The variable that names the libraries to preload, the name of our library, and the characters
// that a path in the variable must not contain.
extern const char* const kPreloadVariable;
extern const char* const kLibraryName;
extern const char* const kNotInPreload;

// The folder of the running command.
std::string own_folder();

// Whether the programs that a traced program starts can all be noticed (capture/process_log.h).
// Those that come with the system drop the library there.
extern const bool kHasProcessLog;

// Makes orphaned descendants children of this process, if the system can do that.
void adopt_orphans();

// The largest resident set, in bytes: getrusage() has another unit on each system.
std::uint64_t peak_bytes_of(const rusage& usage);

// True if a terminal sent the signal. It has then reached the whole process group. Safe in signal
// handlers.
bool is_from_terminal(const siginfo_t& details);

}  // namespace pymemflow::cli::platform
