#include "cli/commands/commands.h"

namespace pymemflow::cli {

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

Syntax syntax_of(const Command& command) {
  Syntax syntax;
  command.declare(syntax);
  return syntax;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return names;
}

std::vector<std::string> examples_of(const Command& command) {
  std::vector<std::string> lines = {"pymemflow "};
  for (const char* c = command.examples; *c != '\0'; ++c) {
    if (*c == '\n') {
      lines.emplace_back("pymemflow ");
    } else {
      lines.back() += *c;
    }
  }
  return lines;
}

}  // namespace pymemflow::cli
