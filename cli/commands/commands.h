#pragma once
// The commands, as commands.def lists them. One thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/syntax.h"

namespace pymemflow::cli {

enum class Takes { Program, Operands };

// A row of commands.def.
struct Command {
  std::string_view name;
  Takes takes;
  const char* sentence;
  const char* examples;
  // Declares the command's arguments and its action.
  void (*declare)(Syntax& syntax);
};

#define PMF_COMMAND(name, takes, sentence, examples) void declare_##name(Syntax& syntax);
#include "cli/commands/commands.def"
#undef PMF_COMMAND

inline constexpr Command kCommands[] = {
#define PMF_COMMAND(name, takes, sentence, examples) \
  {#name, Takes::takes, sentence, examples, declare_##name},
#include "cli/commands/commands.def"
#undef PMF_COMMAND
};

// Null: there is no such command.
const Command* find_command(std::string_view name);

Syntax syntax_of(const Command& command);

std::vector<std::string> command_names();

// "pymemflow run script.py", one per element.
std::vector<std::string> examples_of(const Command& command);

}  // namespace pymemflow::cli
