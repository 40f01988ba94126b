#pragma once
// The commands, as commands.def lists them. One thread.

#include "cli/arguments/command.h"

namespace pymemflow::cli {

#define PMF_COMMAND(name, takes, sentence, examples) void declare_##name(Syntax& syntax);
#include "cli/commands/commands.def"
#undef PMF_COMMAND

inline constexpr Command kCommands[] = {
#define PMF_COMMAND(name, takes, sentence, examples) \
  {#name, Takes::takes, sentence, examples, declare_##name},
#include "cli/commands/commands.def"
#undef PMF_COMMAND
};

}  // namespace pymemflow::cli
