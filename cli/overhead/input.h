#pragma once
// Keeps our standard input for programs that run several times. One thread.

#include <string>

#include "cli/console/messages.h"

namespace pymemflow::cli::overhead {

// Reads a pipe, a socket or a file to its end, into a new file of this name. `source` is then that
// name, else the file that each run opens: "/dev/null" for a terminal, which nobody can type into
// for each of many runs, and for no input at all; the path of any other device. Says on standard
// error that it reads if that takes more than a second.
Error copy_standard_input(const std::string& copy, std::string& source);

}  // namespace pymemflow::cli::overhead
