#include "cli/launch/split_command.h"

#include <cstdlib>

namespace pymemflow::cli {

int count_own_words(const CLI::App& verb, int count, char** words) {
  int at = 2;
  for (; at < count; ++at) {
    const std::string word = words[at];
    if (word == "-h") continue;
    if (word == "--" || !word.starts_with("--")) break;
    if (word.find('=') != std::string::npos) continue;
    const CLI::Option* const option = verb.get_option_no_throw(word);
    const bool has_value = option != nullptr && option->get_items_expected_min() > 0;
    if (has_value && at + 1 < count) ++at;
  }
  return at;
}

const std::string& default_python() {
  static constexpr char kVariable[] = "_PYMEMFLOW_PYTHON";  // python/pymemflow/__main__.py
  static const std::string python = [] {
    const char* const given = std::getenv(kVariable);
    std::string text = given == nullptr || *given == '\0' ? "python3" : given;
    ::unsetenv(kVariable);
    return text;
  }();
  return python;
}

std::vector<std::string> with_python(const std::vector<std::string>& program) {
  const std::string& python = default_python();
  std::vector<std::string> words = program;
  if (words.empty()) return words;
  const std::string& first = words.front();
  const bool is_for_python = first.ends_with(".py") || first == "-m" || first == "-c";
  if (is_for_python) words.insert(words.begin(), python);
  return words;
}

}  // namespace pymemflow::cli
