#include "cli/arguments/old_spellings.h"

#include <optional>

#include "options/options.h"

namespace pymemflow::cli {
namespace {

struct OldSpelling {
  const char* name;
  const char* on;         // the replacement of a value that means on; empty: it is the default
  const char* off;        // the same for a value that means off
  const char* other_off;  // for commands without the option `off`
};
constexpr OldSpelling kOldSpellings[] = {
    {"--flow", "", "--no-flow", "--format=distributions"},
    {"--summary", "--format=summary", "", ""},
    {"--full-file-path", "--full-file-path", "", ""},
    {"--python-call-stack", "--python-call-stack", "", ""},
};

const OldSpelling* find_row(const std::string& name) {
  for (const OldSpelling& row : kOldSpellings) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

bool has(const Syntax& syntax, const std::string& option) {
  return !option.empty() && syntax.find(option) != nullptr;
}

// A program can have any name, so only 0 and 1 are taken from the words before one.
bool is_value(const Syntax& syntax, const std::string& word) {
  const bool takes_program = !syntax.operands().empty() && syntax.operands().front().is_program;
  bool is_on = false;
  return word == "0" || word == "1" || (!takes_program && parse_switch(word, is_on).empty());
}

// An option with its value, if it has one.
struct Given {
  std::string text;
  std::string value;
  std::size_t words = 1;
};
Given given_at(const Syntax& syntax, const std::vector<std::string>& words, std::size_t at) {
  const std::string& word = words[at];
  const std::size_t equals = word.find('=');
  if (equals != std::string::npos) return {word, word.substr(equals + 1)};
  const bool has_value = at + 1 < words.size() && is_value(syntax, words[at + 1]);
  if (has_value) return {word + " " + words[at + 1], words[at + 1], 2};
  return {word, ""};
}

}  // namespace

std::size_t replace_old_spelling(const Syntax& syntax, const std::vector<std::string>& words,
                                 std::size_t at, CommandWords& taken) {
  const std::string name = words[at].substr(0, words[at].find('='));
  const OldSpelling* const row = find_row(name);
  if (row == nullptr) return 0;
  const std::string off = has(syntax, row->off) ? row->off : row->other_off;
  if (!has(syntax, row->on) && !has(syntax, off)) return 0;
  const Given given = given_at(syntax, words, at);
  const bool is_current_flag = given.text == name && syntax.find(name) != nullptr;
  if (is_current_flag) return 0;
  bool is_on = true;
  const std::string_view problem =
      given.text == name ? std::string_view() : parse_switch(given.value, is_on);
  if (!problem.empty()) {
    taken.error = Error(given.text + " " + std::string(problem));
    return given.words;
  }
  const std::string replacement = is_on ? row->on : off;
  if (!replacement.empty()) taken.own.push_back(replacement);
  taken.notices.push_back(
      given.text + " is an old spelling that the next version will refuse: " +
      (replacement.empty() ? "leave it out, it is the default" : "use " + replacement));
  return given.words;
}

}  // namespace pymemflow::cli
