// pymemflow help [COMMAND]: prints the commands, or the options of one command.

#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/parser.h"
#include "cli/console/suggestions.h"

namespace pymemflow::cli {
namespace {

int run(const std::string& name) {
  const Command* const command = name.empty() ? nullptr : find_command(name);
  if (command == nullptr && !name.empty()) {
    return complain("help: '" + name + "' is not a command" + suggestion(name, command_names()) +
                    "; see pymemflow help");
  }
  std::fputs(help_text(command).c_str(), stdout);
  return 0;
}

}  // namespace

void declare_help(Syntax& syntax) {
  const auto name = std::make_shared<std::string>();
  syntax.optional_operand("COMMAND", *name, "the command whose options are printed");
  syntax.action([name](const auto&) { return run(*name); });
}

}  // namespace pymemflow::cli
