#pragma once
// This process, its environment and its host. May be called inside a hook: takes no lock, allocates
// nothing and keeps errno.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::platform {

std::uint32_t process_id();
// As process_id(), also where system calls are forbidden: for those who know that this one is not.
std::uint32_t permitted_process_id();
// The time of day at which the process began, before any exec; 0: unknown.
std::uint64_t process_began_ns();
// Tells the process id namespaces of processes apart: in another one an id is another process. 0:
// unknown, or the system has none.
std::uint64_t process_namespace();
// From here on the functions of this folder make no system call, and fail where they need one. Only
// where a program can restrict its system calls.
void forbid_system_calls(bool are_forbidden);
char** environment();
// False: the program has more privileges than the user who started it and set its environment.
bool is_environment_trusted();
// Calls `visit` with pieces of the command line; each word ends with a zero byte.
using ReadPiece = void (*)(const char* bytes, std::size_t size, void* context);
void visit_command_line(ReadPiece visit, void* context);
// False: the first bytes of the file say that the kernel cannot run it.
bool could_run(const char* path);
// Writes the name, system, release and machine of this host, a line each, and returns the size of
// the text in bytes.
std::size_t describe_host(std::span<char> text);

// Standard error is the file that descriptor 2 was when the process image began. Remembers it; at
// start-up only.
void note_standard_error();
// Its descriptor; -1 where the program has closed it, or has another file in its place. Without
// note_standard_error() it is whatever descriptor 2 is.
int standard_error();
// Remembers the file of the descriptor that the report is to be written to; at start-up only.
void note_output(int number);
// Whether that descriptor is closed, or the program has another file in its place. If it was not
// open at the start, the program may open it.
bool is_output_replaced();
// Writes one line to standard error; nothing where there is none. Raises no signal.
void write_line(std::span<const char> text);

}  // namespace pymemflow::platform
