#include "cli/arguments/options.h"

#include <algorithm>
#include <memory>

#include "report/formats/formats.h"

namespace pymemflow::cli {
namespace {

std::vector<std::string> words_of(const OptionRow& row) {
  const std::string text = row.value;
  std::vector<std::string> words;
  if (row.name == std::string_view("format")) {
    for (const FormatName& format : report::format_names()) words.emplace_back(format.name);
    return words;
  }
  if (text.find('|') == std::string::npos) return words;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find('|', start);
    words.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return words;
    start = end + 1;
  }
}

// The options that have a letter too.
constexpr struct {
  std::string_view option;
  char letter;
} kLetters[] = {{"output", 'o'}};

char letter_of(const OptionRow& row) {
  for (const auto& [option, letter] : kLetters) {
    if (option == row.name) return letter;
  }
  return '\0';
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "|") + word;
  return text;
}

Option option_of(std::size_t row, Options& options) {
  const OptionRow& option = kOptions[row];
  const bool is_switch = option.type == OptionType::Switch;
  std::vector<std::string> words = is_switch ? std::vector<std::string>() : words_of(option);
  const bool is_list = option.type == OptionType::List;
  // The command line replaces the list of the environment.
  const auto list = std::make_shared<std::string>();
  const auto set = [=, &options](const std::string& value) {
    if (is_list) {
      *list += (list->empty() ? "" : ",") + value;
      return std::string(set_option(options, row, *list));
    }
    const bool is_known = words.empty() || std::ranges::find(words, value) != words.end();
    if (!is_known) return "is not one of " + joined(words);
    const std::string_view given =
        is_switch ? (kOptions[row].is_on ? "0" : "1") : std::string_view(value);
    return std::string(set_option(options, row, given));
  };
  std::string value = words.empty() ? option.value : joined(words);
  return {.name = spelling_of(option),
          .value = is_switch ? std::string() : std::move(value),
          .sentence = option.sentence,
          .words = std::move(words),
          .may_repeat = is_list,
          .set = set,
          .letter = letter_of(option)};
}

}  // namespace

void add_options(Syntax& syntax, std::initializer_list<OptionUse> uses, Options& options) {
  for (const OptionUse use : uses) {
    for (std::size_t row = 0; row < kOptionCount; ++row) {
      if (kOptions[row].use == use) syntax.option(option_of(row, options));
    }
  }
}

Error resolve(const Options& options, Resolved& resolved) {
  const OptionError error = pymemflow::resolve(options, report::format_names(), resolved.recording,
                                               resolved.report, Resolver::Command);
  return error ? Error(std::string(error.variable) + " " + std::string(error.problem)) : Error();
}

Error check_recording(const Options& options) {
  Resolved resolved;
  return resolve(recording_part(options), resolved);
}

std::string spelling_of(const OptionRow& row) {
  return (row.is_on ? "--no-" : "--") + std::string(row.name);
}

}  // namespace pymemflow::cli
