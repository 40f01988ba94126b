// pymemflow completion SHELL: prints the completion script of a shell, from the tables of commands
// and options. One function per shell.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/console/suggestions.h"

namespace pymemflow::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// The options of a command, and the allowed values of those that have few.
std::string bash_command(const Command& command) {
  std::string text = "    " + std::string(command.name) + ")\n";
  std::vector<std::string> names = {"--help"};
  const Syntax syntax = syntax_of(command);
  for (const Option& option : syntax.options()) {
    if (option.letter != '\0') names.push_back({'-', option.letter});
    names.push_back(option.name);
    if (!option.words.empty()) {
      text += "      [[ $before == " + option.name + " ]] && words='" + joined(option.words) +
              "' && options=''\n";
    }
  }
  if (command.name == "help") text += "      words='" + joined(names_of(kCommands)) + "'\n";
  return text + "      options=${options-'" + joined(names) + "'}\n      ;;\n";
}

std::string bash() {
  std::string text =
      "# bash completion of pymemflow; made by `pymemflow completion bash`.\n"
      "_pymemflow() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words='' "
      "options\n"
      "  # Bash splits --option=value into three words.\n"
      "  [[ $word == = ]] && word=''\n"
      "  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '" +
      joined(names_of(kCommands)) +
      " --help --version' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const Command& command : kCommands) text += bash_command(command);
  return text +
         "  esac\n"
         "  if [[ $word == -* && -n $options ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
         "  elif [[ -n $words ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "  else\n"
         "    compopt -o filenames\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "  fi\n"
         "}\n"
         "complete -F _pymemflow pymemflow\n";
}

// Escapes text for single quotes, and puts a backslash before the characters in `special`.
std::string quoted(const std::string& text, const std::string& special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) out += '\\';
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out;
}

std::string zsh_option(const Option& option, const std::string& name) {
  std::string text = name;
  if (!option.is_flag()) text += name.size() == 2 ? "+" : "=";
  text += "[" + quoted(option.sentence, "[]:") + "]";
  if (option.is_flag()) return text;
  text += ":" + quoted(option.value, ":") + ":";
  if (!option.words.empty()) return text + "(" + joined(option.words) + ")";
  return text + (option.is_file() ? "_files" : " ");
}

std::string zsh() {
  std::string text =
      "#compdef pymemflow\n"
      "# Made by `pymemflow completion zsh`.\n"
      "local -a commands=(\n";
  for (const Command& command : kCommands) {
    text += "  '" + std::string(command.name) + ":" + quoted(command.sentence, ":") + "'\n";
  }
  text +=
      ")\n"
      "if ((CURRENT == 2)); then\n"
      "  _describe command commands\n"
      "  return\n"
      "fi\n"
      "local command=$words[2]\n"
      "shift words\n"
      "((CURRENT--))\n"
      "case $command in\n";
  for (const Command& command : kCommands) {
    text += "  " + std::string(command.name) + ")\n    _arguments \\\n";
    const Syntax syntax = syntax_of(command);
    for (const Option& option : syntax.options()) {
      if (option.letter != '\0') {
        text += "      '" + zsh_option(option, {'-', option.letter}) + "' \\\n";
      }
      text += "      '" + zsh_option(option, option.name) + "' \\\n";
    }
    const bool takes_program = command.takes == Takes::Program;
    text += std::string("      '") + (takes_program ? "*::program:_normal" : "*:file:_files") +
            "'\n    ;;\n";
  }
  return text + "esac\n";
}

std::string fish() {
  std::string text =
      "# fish completion of pymemflow; made by `pymemflow completion fish`.\n"
      "complete -c pymemflow -n __fish_use_subcommand -f\n";
  for (const Command& command : kCommands) {
    const std::string name(command.name);
    text += "complete -c pymemflow -n __fish_use_subcommand -a " + name + " -d '" +
            quoted(command.sentence, "") + "'\n";
    const Syntax syntax = syntax_of(command);
    for (const Option& option : syntax.options()) {
      text += "complete -c pymemflow -n '__fish_seen_subcommand_from " + name + "' -l " +
              option.name.substr(2) +
              (option.letter == '\0' ? "" : std::string(" -s ") + option.letter) + " -d '" +
              quoted(option.sentence, "") + "'";
      if (!option.is_flag()) text += " -r";
      if (!option.words.empty()) text += " -f -a '" + joined(option.words) + "'";
      text += "\n";
    }
  }
  return text;
}

constexpr struct {
  const char* name;
  std::string (*script)();
} kShells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

int run(const std::string& name) {
  for (const auto& shell : kShells) {
    if (name != shell.name) continue;
    std::fputs(shell.script().c_str(), stdout);
    return 0;
  }
  return complain("completion: '" + name + "' is not one of bash, zsh, fish" +
                  suggestion(name, {"bash", "zsh", "fish"}));
}

}  // namespace

void declare_completion(Syntax& syntax) {
  const auto shell = std::make_shared<std::string>();
  syntax.operand("SHELL", *shell, "bash, zsh or fish");
  syntax.action([shell](const auto&) { return run(*shell); });
}

}  // namespace pymemflow::cli
