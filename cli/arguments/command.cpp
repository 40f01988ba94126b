#include "cli/arguments/command.h"

namespace pymemflow::cli {

const Command* find_command(Commands commands, std::string_view name) {
  for (const Command& command : commands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

Syntax syntax_of(const Command& command) {
  Syntax syntax;
  command.declare(syntax);
  return syntax;
}

std::vector<std::string> names_of(Commands commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.emplace_back(command.name);
  return names;
}

Error misuse(const Command& command, const std::string& text) {
  const std::string name(command.name);
  return Error(name + ": " + text + "; see pymemflow help " + name);
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
