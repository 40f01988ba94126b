#pragma once
// What the command must know of the system: how a library is put in front of a program, where the
// command itself lies, whom signals come from. One thread, but for is_from_terminal(). Beside it:
// program_image.h (what a program's file says), other_process.h (what another process has open),
// protections.h (what keeps a library out), doctor.h (what the doctor asks and judges).
//
// To add a system: cli/platform/<system>/*.cpp; tests/unit/command_platform_test.cpp says what they
// must do.

#include <csignal>
#include <string>

namespace pymemflow::cli::platform {

// The variable that names the libraries to put first, the name of ours, and what a path in it may
// not have.
extern const char* const kPreloadVariable;
extern const char* const kLibraryName;
extern const char* const kNotInPreload;

// The folder of the running command.
std::string own_folder();

// Children whose parents end before them become this process's, where the system can do that.
void adopt_orphans();

// Whether a terminal sent a signal, which then has reached the whole group of processes: a question
// for signal handlers.
bool is_from_terminal(const siginfo_t& facts);

}  // namespace pymemflow::cli::platform
