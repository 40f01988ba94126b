// pymemflow completion SHELL: what a shell needs to complete the command line. One function a
// shell; what they say comes from where the command line takes it from.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/flags.h"

namespace pymemflow::cli {
namespace {

bool takes_program(const CLI::App& verb) {
  return std::any_of(verbs().begin(), verbs().end(), [&](const Verb& row) {
    return verb.get_name() == row.name && row.takes_program;
  });
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& verbs) {
  std::vector<std::string> names;
  for (const CLI::App* const verb : verbs) names.push_back(verb->get_name());
  return names;
}

// A verb's options, and the words that one of them may have.
std::string bash_verb(const CLI::App& verb) {
  std::string text = "    " + verb.get_name() + ")\n";
  std::vector<std::string> names;
  for (const OwnOption& option : options_of(verb)) {
    names.push_back(option.name);
    if (!option.values.empty()) {
      text += "      [[ $before == " + option.name + " ]] && words='" + joined(option.values) +
              "' && options=''\n";
    }
  }
  return text + "      options=${options-'" + joined(names) + "'}\n      ;;\n";
}

std::string bash(const CLI::App& command) {
  const std::vector<const CLI::App*> verbs = verbs_of(command);
  std::string text =
      "# bash completion of pymemflow; made by `pymemflow completion bash`.\n"
      "_pymemflow() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words='' "
      "options\n"
      "  # --option=value comes as three words.\n"
      "  [[ $word == = ]] && word=''\n"
      "  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '" +
      joined(names_of(verbs)) +
      " --help --version' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CLI::App* const verb : verbs) text += bash_verb(*verb);
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

// Inside single quotes; `special` gets a backslash as well.
std::string quoted(const std::string& text, const std::string& special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) out += '\\';
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out;
}

std::string zsh_option(const OwnOption& option) {
  std::string text = option.name;
  if (!option.value.empty()) text += option.needs_value ? "=" : "=-";
  text += "[" + quoted(option.sentence, "[]:") + "]";
  if (option.value.empty()) return text;
  text += ":" + quoted(option.value, ":") + ":";
  if (!option.values.empty()) return text + "(" + joined(option.values) + ")";
  return text + (option.is_file ? "_files" : " ");
}

std::string zsh(const CLI::App& command) {
  std::string text =
      "#compdef pymemflow\n"
      "# Made by `pymemflow completion zsh`.\n"
      "local -a verbs=(\n";
  for (const CLI::App* const verb : verbs_of(command)) {
    text += "  '" + verb->get_name() + ":" + quoted(verb->get_description(), ":") + "'\n";
  }
  text +=
      ")\n"
      "if ((CURRENT == 2)); then\n"
      "  _describe verb verbs\n"
      "  return\n"
      "fi\n"
      "local verb=$words[2]\n"
      "shift words\n"
      "((CURRENT--))\n"
      "case $verb in\n";
  for (const CLI::App* const verb : verbs_of(command)) {
    text += "  " + verb->get_name() + ")\n    _arguments \\\n";
    for (const OwnOption& option : options_of(*verb)) {
      text += "      '" + zsh_option(option) + "' \\\n";
    }
    const char* const rest = takes_program(*verb) ? "*::program:_normal" : "*:file:_files";
    text += "      '" + std::string(rest) + "'\n    ;;\n";
  }
  return text + "esac\n";
}

std::string fish(const CLI::App& command) {
  std::string text =
      "# fish completion of pymemflow; made by `pymemflow completion fish`.\n"
      "complete -c pymemflow -n __fish_use_subcommand -f\n";
  for (const CLI::App* const verb : verbs_of(command)) {
    const std::string name = verb->get_name();
    text += "complete -c pymemflow -n __fish_use_subcommand -a " + name + " -d '" +
            quoted(verb->get_description(), "") + "'\n";
    for (const OwnOption& option : options_of(*verb)) {
      text += "complete -c pymemflow -n '__fish_seen_subcommand_from " + name + "' -l " +
              option.name.substr(2) + " -d '" + quoted(option.sentence, "") + "'";
      if (option.needs_value) text += " -r";
      if (!option.values.empty()) text += " -f -a '" + joined(option.values) + "'";
      text += "\n";
    }
  }
  return text;
}

constexpr struct {
  const char* name;
  std::string (*script)(const CLI::App& command);
} kShells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

int run(const std::string& name, const CLI::App& command) {
  for (const auto& shell : kShells) {
    if (name != shell.name) continue;
    std::fputs(shell.script(command).c_str(), stdout);
    return 0;
  }
  return complain("completion: '" + name + "' is none of bash, zsh, fish");
}

}  // namespace

void add_completion_verb(CLI::App& command, Call& call) {
  const auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash, zsh or fish")->required();
  command.callback([shell, &command, &call] { call.status = run(*shell, *command.get_parent()); });
}

}  // namespace pymemflow::cli
