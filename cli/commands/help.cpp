// pymemflow help [COMMAND]: prints the commands, or the options of one command.

#include <cstdio>
#include <memory>
#include <string>

#include "cli/arguments/parser.h"
#include "cli/commands/commands.h"
#include "cli/console/suggestions.h"

namespace pymemflow::cli {
namespace {

int run(const std::string& name) {
  const Command* const command = find_command(kCommands, name);
  if (command == nullptr && !name.empty()) {
    return complain("help: '" + name + "' is not a command" +
                    suggestion(name, names_of(kCommands)) + "; see pymemflow help");
  }
  const std::string text = command == nullptr ? help_text(kCommands) : help_text(*command);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void declare_help(Syntax& syntax) {
  const auto name = std::make_shared<std::string>();
  syntax.optional_operand("COMMAND", *name, "the command whose options are printed");
  syntax.action([name](const auto&) { return run(*name); });
}

}  // namespace pymemflow::cli
