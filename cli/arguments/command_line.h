#pragma once
// Takes a command line apart and runs its command. One thread.

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace pymemflow::cli {

// The words after the name of a command.
struct CommandWords {
  std::vector<std::string> own;      // options and operands of the command
  std::vector<std::string> program;  // the program to run and its arguments
  std::vector<std::string> notices;  // one for each old spelling
  bool asks_for_help = false;
  Error error;
};

// Own words end at "--", or at the first word that is neither an option nor the value of one: `run
// --no-flow -m json.tool file` runs the module. Replaces old spellings (old_spellings.h).
CommandWords split_words(const Command& command, const Syntax& syntax,
                         const std::vector<std::string>& words);

// `words`: all but the name of the program. Returns the exit code.
int run_command_line(Commands commands, const std::vector<std::string>& words);

}  // namespace pymemflow::cli
