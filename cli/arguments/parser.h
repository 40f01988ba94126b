#pragma once
// Parses the words of a command line. The library that does so is included by parser.cpp alone,
// because its header takes longer to compile than all else. One thread.

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace pymemflow::cli {

// Sets the variables of the command's options and operands from its words, which follow the name of
// the command.
Error parse(const Command& command, const Syntax& syntax, const std::vector<std::string>& words);

std::string help_text(const Command& command);
// The list of commands.
std::string help_text(Commands commands);

// "pymemflow 1.2.3".
std::string version_text();

}  // namespace pymemflow::cli
