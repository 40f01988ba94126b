#include "cli/arguments/parser.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <memory>

#include "cli/console/suggestions.h"

namespace pymemflow::cli {
namespace {

std::string names_of(const Option& option) {
  return option.letter == '\0' ? option.name : std::string("-") + option.letter + "," + option.name;
}

void add_options(CLI::App& app, const Syntax& syntax) {
  for (const Option& option : syntax.options()) {
    if (option.is_flag()) {
      app.add_flag(names_of(option), option.sentence);
      continue;
    }
    CLI::Option* const added = app.add_option(names_of(option));
    added->description(option.sentence)->type_name(option.value)->expected(1);
    if (option.may_repeat) added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  for (const Operand& operand : syntax.operands()) {
    CLI::Option* const added = app.add_option(operand.name);
    added->description(operand.sentence)->required(operand.is_required);
    added->type_name("");
    if (operand.is_program) added->expected(1, CLI::detail::expected_max_vector_size);
  }
}

std::string footer_of(const Command& command) {
  std::string text = "Examples:";
  for (const std::string& line : examples_of(command)) text += "\n  " + line;
  return text;
}

constexpr char kHelpSentence[] = "print this help and exit";

void set_labels(CLI::App& root) {
  root.set_help_flag("-h,--help", kHelpSentence);
  const auto formatter = std::make_shared<CLI::Formatter>();
  formatter->label("SUBCOMMAND", "COMMAND");
  formatter->label("Subcommands", "Commands");
  formatter->label("Positionals", "Arguments");
  // Optional arguments are in brackets, so the others need no word.
  formatter->label("REQUIRED", "");
  root.formatter(formatter);
}

std::string full_sentence(std::string text) {
  text[0] = static_cast<char>(std::toupper(text[0]));
  return text + ".";
}

CLI::App& add_command(CLI::App& root, const Command& command, const Syntax& syntax) {
  CLI::App& app = *root.add_subcommand(std::string(command.name), command.sentence);
  app.group("Commands");
  app.footer(footer_of(command));
  add_options(app, syntax);
  return app;
}

Error set_options(const CLI::App& app, const Syntax& syntax) {
  for (const Option& option : syntax.options()) {
    const CLI::Option* const given = app.get_option(option.name);
    if (given->count() == 0) continue;
    if (option.is_flag()) {
      if (given->as<bool>()) option.set({});
      continue;
    }
    for (const std::string& value : given->results()) {
      const std::string problem = option.set(value);
      if (problem.empty()) continue;
      return Error(option.name + "=" + value + " " + problem + suggestion(value, option.words));
    }
  }
  for (const Operand& operand : syntax.operands()) {
    const CLI::Option* const given = app.get_option(operand.name);
    if (operand.to == nullptr || given->count() == 0) continue;
    *operand.to = given->results().front();
    if (operand.to->empty()) return Error(operand.name + " is empty");
  }
  return {};
}

}  // namespace

Error parse(const Command& command, const Syntax& syntax, const std::vector<std::string>& words) {
  CLI::App root("", "pymemflow");
  CLI::App& app = add_command(root, command, syntax);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  reversed.emplace_back(command.name);
  try {
    root.parse(reversed);
  } catch (const CLI::ExtrasError&) {
    return misuse(command, "'" + root.remaining(true).front() + "' is one argument too many");
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return misuse(command, text.substr(0, text.find(':')) + " is given more than once");
  } catch (const CLI::Error& error) {
    return misuse(command, error.what());
  }
  if (Error error = syntax.prepare()) return error;
  return set_options(app, syntax);
}

std::string help_text(const Command& command) {
  CLI::App root("", "pymemflow");
  set_labels(root);
  CLI::App& app = add_command(root, command, syntax_of(command));
  app.description(full_sentence(command.sentence));
  return app.help("pymemflow");
}

std::string help_text(Commands commands) {
  CLI::App root(
      "Traces the malloc and free calls of a Python program, and shows which line made each call.",
      "pymemflow");
  root.require_subcommand(1);
  set_labels(root);
  root.set_version_flag("--version", version_text(), "print the version and exit");
  for (const Command& each : commands) add_command(root, each, syntax_of(each));
  return root.help();
}

std::string version_text() {
  return "pymemflow " PMF_VERSION;
}

}  // namespace pymemflow::cli
