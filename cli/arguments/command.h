#pragma once
// A command as the table of commands has it (cli/commands/commands.def). One thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments/syntax.h"

namespace pymemflow::cli {

enum class Takes { Program, Operands };

struct Command {
  std::string_view name;
  Takes takes;
  const char* sentence;
  const char* examples;
  // Declares the command's arguments and its action.
  void (*declare)(Syntax& syntax);
};
using Commands = std::span<const Command>;

// Null: there is no such command.
const Command* find_command(Commands commands, std::string_view name);

Syntax syntax_of(const Command& command);

std::vector<std::string> names_of(Commands commands);

// An error in the arguments of the command, with where to read about them.
Error misuse(const Command& command, const std::string& text);

// "pymemflow run script.py", one per element.
std::vector<std::string> examples_of(const Command& command);

}  // namespace pymemflow::cli
