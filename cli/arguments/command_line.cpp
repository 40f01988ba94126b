#include "cli/arguments/command_line.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/arguments/old_spellings.h"
#include "cli/arguments/parser.h"
#include "cli/console/suggestions.h"

namespace pymemflow::cli {
namespace {

// Puts what commands print into a large buffer, so that a full disk shows in flush_output(), with
// its reason. A terminal gets each line at once.
void buffer_output() {
  static char buffer[std::size_t{1} << 18];
  if (::isatty(STDOUT_FILENO) == 0) std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

// Standard output is buffered, so that a full disk may show only here.
int flush_output(int status) {
  const bool is_failed = std::ferror(stdout) != 0;
  errno = 0;
  if (std::fflush(stdout) == 0 && !is_failed) return status;
  const char* const reason = errno != 0 ? std::strerror(errno) : "cannot be written";
  const int complained = complain("standard output: " + std::string(reason));
  return status == 0 ? complained : status;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return flush_output(0);
}

std::string list_of(Commands commands) {
  std::string text;
  for (const std::string& name : names_of(commands)) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Error unknown_option(const Command& command, const Syntax& syntax, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names = {"--help"};
  for (const Option& option : syntax.options()) names.push_back(option.name);
  return misuse(command, name + " is not an option" + suggestion(name, names));
}

int complain_about_command(Commands commands, const std::string& word) {
  if (word.size() > 1 && word[0] == '-' && word != "--") {
    return complain(word + " is not an option" + suggestion(word, {"--help", "--version"}) +
                    "; see pymemflow help");
  }
  const std::string near = suggestion(word, names_of(commands));
  return complain("'" + word + "' is not a command" +
                  (near.empty() ? ": " + list_of(commands) : near) + "; see pymemflow help");
}

// A program may begin with -m or -c, which are Python's.
bool is_option(const Command& command, const std::string& word) {
  if (word.size() < 2 || word[0] != '-' || word == "--") return false;
  return command.takes != Takes::Program || (word != "-m" && word != "-c");
}

// "--output" for "-o", "--output=FILE" for "-oFILE"; other words as they are.
std::string long_spelling(const Syntax& syntax, const std::string& word) {
  const Option* const option = word.starts_with("--") ? nullptr : syntax.find(word);
  if (option == nullptr) return word;
  return option->name + (word.size() == 2 ? "" : "=" + word.substr(2));
}

// Takes the option at words[at], with its value if that is a word of its own. Returns the index of
// the next word.
std::size_t take_option(const Command& command, const Syntax& syntax,
                        const std::vector<std::string>& words, std::size_t at,
                        CommandWords& taken) {
  if (const std::size_t count = replace_old_spelling(syntax, words, at, taken)) return at + count;
  const std::string word = long_spelling(syntax, words[at]);
  const Option* const option = syntax.find(word);
  if (option == nullptr) {
    taken.error = unknown_option(command, syntax, word);
    return at + 1;
  }
  const std::size_t equals = word.find('=');
  const bool has_word = !option->is_flag() && equals == std::string::npos;
  const bool is_last = at + 1 == words.size();
  if (option->is_flag() && equals != std::string::npos) {
    taken.error = misuse(command, option->name + " takes no value");
  } else if (!option->is_flag() && (has_word ? is_last : equals + 1 == word.size())) {
    taken.error = misuse(command, option->name + " needs a value: " + option->value);
  }
  if (taken.error) return at + 1;
  taken.own.push_back(word);
  if (has_word) taken.own.push_back(words[at + 1]);
  return at + (has_word ? 2 : 1);
}

}  // namespace

CommandWords split_words(const Command& command, const Syntax& syntax,
                         const std::vector<std::string>& words) {
  const bool takes_program = command.takes == Takes::Program;
  CommandWords taken;
  std::size_t at = 0;
  while (at < words.size() && !taken.error) {
    const std::string& word = words[at];
    if (word == "-h" || word == "--help") {
      taken.asks_for_help = true;
      ++at;
    } else if (is_option(command, word)) {
      at = take_option(command, syntax, words, at, taken);
    } else if (word == "--" || takes_program) {
      break;
    } else {
      taken.own.push_back(word);
      ++at;
    }
  }
  const bool is_marked = at < words.size() && words[at] == "--";
  std::vector<std::string>& rest = takes_program ? taken.program : taken.own;
  for (at += is_marked && takes_program ? 1 : 0; at < words.size(); ++at) rest.push_back(words[at]);
  if (!taken.program.empty() && taken.program.front().empty()) {
    taken.error = misuse(command, "PROGRAM is empty");
  }
  return taken;
}

int run_command_line(Commands commands, const std::vector<std::string>& words) {
  buffer_output();
  if (words.empty()) {
    return complain("no command given: " + list_of(commands) + "; see pymemflow help");
  }
  const std::string& name = words.front();
  if (name == "-h" || name == "--help") return print(help_text(commands));
  if (name == "--version") return print(version_text() + "\n");
  const Command* const command = find_command(commands, name);
  if (command == nullptr) return complain_about_command(commands, name);
  const Syntax syntax = syntax_of(*command);
  const CommandWords taken = split_words(*command, syntax, {words.begin() + 1, words.end()});
  if (taken.asks_for_help) return print(help_text(*command));
  if (taken.error) return complain(taken.error);
  for (const std::string& notice : taken.notices) say(notice);
  if (const Error error = parse(*command, syntax, taken.own)) return complain(error);
  return flush_output(syntax.run(taken.program));
}

}  // namespace pymemflow::cli
