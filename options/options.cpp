#include "options/options.h"

#include <unistd.h>

#include <cstring>

#include "options/sizes.h"

namespace pymemflow {
namespace {

constexpr std::string_view kPrefix = "PYMEMFLOW_";
constexpr std::size_t kMaxText = 4096;

// The problem with a value, and where it is kept: the environment may be changed later.
constexpr std::string_view kTextProblem = "is empty or too long";
constexpr std::string_view kSwitchProblem =
    "is neither on (1, on, yes, true) nor off (0, off, no, false)";
constexpr std::string_view kSizeProblem = "is not a size (4096, 1.5MB, 32MiB)";

struct Storage {
  char text[kMaxText] = {};
  std::size_t used = 0;

  bool append(std::string_view more) {
    if (more.size() > sizeof text - used) return false;
    std::memcpy(text + used, more.data(), more.size());
    used += more.size();
    return true;
  }
  std::string_view view() const { return {text, used}; }
};
constinit Storage storages[kOptionCount];
constinit Storage given;

// The words of an enumeration, and what is wrong with any other.
struct Words {
  std::string_view words;
  std::string_view problem;
};

std::string_view set_text(Storage& storage, const Words&, std::string_view value,
                          std::string_view& field) {
  storage.used = 0;
  if (value.empty() || !storage.append(value)) return kTextProblem;
  field = storage.view();
  return {};
}

// The program may go to another folder before the file is made. A % of the folder's name is one.
bool append_folder(Storage& storage) {
  char folder[kMaxText];
  if (::getcwd(folder, sizeof folder) == nullptr) return false;
  for (const char* c = folder; *c != '\0'; ++c) {
    if (!storage.append(*c == '%' ? std::string_view("%%") : std::string_view(c, 1))) return false;
  }
  return storage.append("/");
}

std::string_view set_path(Storage& storage, const Words&, std::string_view value,
                          std::string_view& field) {
  storage.used = 0;
  const bool is_relative = !value.empty() && value[0] != '/';
  if (is_relative && !append_folder(storage)) storage.used = 0;
  if (value.empty() || !storage.append(value)) return kTextProblem;
  field = storage.view();
  return {};
}

std::string_view set_switch(Storage&, const Words&, std::string_view value, bool& field) {
  return parse_switch(value, field);
}

std::string_view set_size(Storage&, const Words&, std::string_view value, std::uint64_t& field) {
  return parse_size(value, field) ? std::string_view() : kSizeProblem;
}

// The number of the word is the enumerator.
template <typename Enumeration>
std::string_view set_word(Storage&, const Words& known, std::string_view value,
                          Enumeration& field) {
  std::string_view words = known.words;
  for (unsigned number = 0;; ++number) {
    const std::size_t end = words.find('|');
    if (value == words.substr(0, end)) {
      field = static_cast<Enumeration>(number);
      return {};
    }
    if (end == std::string_view::npos) return known.problem;
    words.remove_prefix(end + 1);
  }
}

// By the names of the types; not every type has a row.
[[maybe_unused]] constexpr auto set_Text = set_text;
constexpr auto set_Path = set_path;
constexpr auto set_Switch = set_switch;
constexpr auto set_Size = set_size;
constexpr auto set_Attribution = set_word<Attribution>;
constexpr auto set_Compat = set_word<Compat>;
constexpr auto set_Start = set_word<Start>;

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

// Whole lines alone.
void keep_given(std::string_view entry) {
  const std::size_t used = given.used;
  if (!given.append(entry) || !given.append("\n")) given.used = used;
}

OptionError read_option(std::string_view entry, Options& options) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view name = entry.substr(kPrefix.size(), equals - kPrefix.size());
  for (std::size_t row = 0; row < kOptionCount; ++row) {
    if (!is_named(name, kOptions[row].name)) continue;
    const std::string_view problem = set_option(options, row, entry.substr(equals + 1));
    if (problem.empty()) keep_given(entry);
    return {entry, problem};
  }
  return {entry.substr(0, equals), "is not an option of pymemflow"};
}

}  // namespace

std::string_view parse_switch(std::string_view value, bool& is_on) {
  for (const std::string_view word : {"1", "on", "yes", "true"}) {
    if (value == word) return is_on = true, std::string_view();
  }
  for (const std::string_view word : {"0", "off", "no", "false"}) {
    if (value == word) return is_on = false, std::string_view();
  }
  return kSwitchProblem;
}

std::string_view set_option(Options& options, std::size_t row, std::string_view value) {
  std::size_t candidate = 0;
#define PMF_OPTION(field, name, Type, default_value, sample, use, sentence) \
  if (row == candidate++) {                                                 \
    const Words words = {sample, "is none of " sample};                     \
    return set_##Type(storages[row], words, value, options.field);          \
  }
#include "options/options.def"
#undef PMF_OPTION
  return "is not an option of pymemflow";
}

std::string_view given_options() {
  return given.view();
}

OptionError read_options(char** environment, Options& options) {
  given.used = 0;
  if (environment == nullptr) return {};
  for (char** entry = environment; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with(kPrefix)) continue;
    if (const OptionError error = read_option(text, options)) return error;
  }
  return {};
}

}  // namespace pymemflow
