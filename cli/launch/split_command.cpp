#include "cli/launch/split_command.h"

#include <cstdlib>

namespace pymemflow::cli {

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

std::vector<std::string> with_python(const std::vector<std::string>& given) {
  const std::string& python = default_python();
  std::vector<std::string> words = given;
  if (words.empty()) return words;
  const std::string& first = words.front();
  const bool is_for_python = first.ends_with(".py") || first == "-m" || first == "-c";
  if (is_for_python) words.insert(words.begin(), python);
  return words;
}

}  // namespace pymemflow::cli
