#include "interpose/options.h"

#include <cstddef>
#include <cstring>

namespace pymemflow::interpose {
namespace {

constexpr std::string_view kPrefix = "PYMEMFLOW_";
constexpr std::size_t kMaxText = 4096;

constexpr std::string_view kTextProblem = "is empty or too long";
constexpr std::string_view kSwitchProblem =
    "is neither on (1, on, yes, true) nor off (0, off, no, false)";

// The environment may be changed by the program later.
bool parse(std::string_view value, Options::Text& text, char (&storage)[kMaxText]) {
  if (value.empty() || value.size() > sizeof storage) return false;
  std::memcpy(storage, value.data(), value.size());
  text = {storage, value.size()};
  return true;
}

bool parse(std::string_view value, Options::Switch& is_on, char (&)[kMaxText]) {
  for (const std::string_view word : {"1", "on", "yes", "true"}) {
    if (value == word) return is_on = true;
  }
  for (const std::string_view word : {"0", "off", "no", "false"}) {
    if (value == word) return !(is_on = false);
  }
  return false;
}

// "FULL_FILE_PATH" for "full-file-path".
bool is_named(std::string_view variable, std::string_view name) {
  if (variable.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const char upper = c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    if (variable[i] != upper) return false;
  }
  return true;
}

OptionError read_option(std::string_view entry, Options& options) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view name = entry.substr(kPrefix.size(), equals - kPrefix.size());
  const std::string_view given = entry.substr(equals + 1);
#define PMF_OPTION(field, option, Type, default_value, value, sentence)          \
  if (is_named(name, option)) {                                                  \
    static char storage[kMaxText];                                               \
    if (!parse(given, options.field, storage)) return {entry, k##Type##Problem}; \
    return {};                                                                   \
  }
#include "interpose/options.def"
#undef PMF_OPTION
  return {entry.substr(0, equals), "is not an option of pymemflow"};
}

}  // namespace

OptionError read_options(char** environment, Options& options) {
  if (environment == nullptr) return {};
  for (char** entry = environment; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with(kPrefix)) continue;
    if (const OptionError error = read_option(text, options)) return error;
  }
  return {};
}

}  // namespace pymemflow::interpose
