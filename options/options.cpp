#include "options/options.h"

#include <unistd.h>

#include <cstring>

#include "options/sizes.h"

namespace pymemflow {
namespace {

constexpr std::string_view kPrefix = "PYMEMFLOW_";
constexpr std::size_t kMaxText = 4096;

// The reasons why a value is wrong.
constexpr std::string_view kTextProblem = "is empty or too long";
constexpr std::string_view kSwitchProblem =
    "is neither on (1, on, yes, true) nor off (0, off, no, false)";
constexpr std::string_view kSizeProblem = "is not a size (4096, 1.5MB, 32MiB)";
constexpr std::string_view kCountProblem = "is not a number from 1 to 1000000000";
constexpr std::string_view kDomainsProblem =
    "is neither a list of raw, mem and obj, separated by commas, nor all, none or auto";
constexpr std::string_view kFramesProblem = "is not a number of frames from 1 to 16384";

// Copies of values: the program may change its environment.
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

// The words of an enumeration, and the reason why any other word is wrong.
struct Words {
  std::string_view words;
  std::string_view problem;
};

std::string_view set_text(Storage& storage, const Words&, std::string_view value,
                          std::string_view& field) {
  storage.used = 0;
  field = {};  // what it named is overwritten
  if (value.empty() || !storage.append(value)) return kTextProblem;
  field = storage.view();
  return {};
}

// The program may change its working directory before the file is made. A % in its name is doubled.
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
  field = {};  // what it named is overwritten
  const bool is_relative = !value.empty() && value[0] != '/' && value != kStandardOutput;
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

// False: it is no number from 1 to `largest`.
bool parse_number(std::string_view value, std::uint64_t largest, std::uint64_t& number) {
  number = 0;
  for (const char digit : value) {
    if (digit < '0' || digit > '9') return false;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    if (number > largest) return false;
  }
  return number != 0;
}

std::string_view set_frames(Storage&, const Words&, std::string_view value, std::uint64_t& field) {
  std::uint64_t number = 0;
  if (!parse_number(value, kMaxFrames, number)) return kFramesProblem;
  field = number;
  return {};
}

std::string_view set_count(Storage&, const Words&, std::string_view value, std::uint64_t& field) {
  std::uint64_t number = 0;
  if (!parse_number(value, kMaxCount, number)) return kCountProblem;
  field = number;
  return {};
}

struct DomainWord {
  std::string_view word;
  Domains domains;
};
constexpr DomainWord kDomainWords[] = {
    {"raw", Domains::Raw}, {"mem", Domains::Mem}, {"obj", Domains::Obj}};
constexpr DomainWord kDomainsAlone[] = {
    {"none", Domains::None}, {"auto", Domains::Auto}, {"all", Domains::All}};

std::string_view set_domains(Storage&, const Words&, std::string_view value, Domains& field) {
  for (const DomainWord& known : kDomainsAlone) {
    if (value == known.word) return field = known.domains, std::string_view();
  }
  unsigned domains = 0;
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = value.find(',');
    const std::string_view word = value.substr(0, comma);
    unsigned domain = 0;
    for (const DomainWord& known : kDomainWords) {
      if (word == known.word) domain = static_cast<unsigned>(known.domains);
    }
    // Unknown, or there twice.
    if (domain == 0 || (domains & domain) != 0) return kDomainsProblem;
    domains |= domain;
    is_last = comma == std::string_view::npos;
    if (!is_last) value.remove_prefix(comma + 1);
  }
  field = static_cast<Domains>(domains);
  return {};
}

// The position of the word is the number of the enumerator.
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

// One per type: set_option() finds them by name.
constexpr auto set_Text = set_text;
constexpr auto set_Path = set_path;
constexpr auto set_List = set_text;
constexpr auto set_Switch = set_switch;
constexpr auto set_Size = set_size;
constexpr auto set_Frames = set_frames;
constexpr auto set_Count = set_count;
constexpr auto set_Domains = set_domains;
constexpr auto set_By = set_word<By>;
constexpr auto set_Metric = set_word<Metric>;
constexpr auto set_Attribution = set_word<Attribution>;
constexpr auto set_Compat = set_word<Compat>;
constexpr auto set_Stack = set_word<Stack>;
constexpr auto set_Start = set_word<Start>;

char upper(char c) {
  if (c == '-') return '_';
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// True for "FULL_FILE_PATH" and "full-file-path".
bool is_named(std::string_view variable, std::string_view name) {
  if (variable.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (variable[i] != upper(name[i])) return false;
  }
  return true;
}

// Keeps whole lines only.
void keep_given(std::string_view entry) {
  const std::size_t used = given.used;
  if (!given.append(entry) || !given.append("\n")) given.used = used;
}

struct Alias {
  std::string_view name;
  std::string_view option;
  std::string_view value;
};
constexpr Alias kAliases[] = {
#define PMF_OPTION(field, name, Type, default_value, sample, use, sentence)
#define PMF_ALIAS(name, option, value) {name, option, value},
#include "options/options.def"
#undef PMF_ALIAS
#undef PMF_OPTION
};

std::size_t row_of(std::string_view name) {
  std::size_t row = 0;
  while (row < kOptionCount && name != kOptions[row].name) ++row;
  return row;
}

// The variables that were read so far.
struct Given {
  bool is_set[kOptionCount] = {};
  bool is_on[std::size(kAliases)] = {};
};

// True: the variable is an alias, with this problem.
bool read_alias(std::string_view name, std::string_view value, Given& so_far,
                std::string_view& problem) {
  for (std::size_t i = 0; i < std::size(kAliases); ++i) {
    if (!is_named(name, kAliases[i].name)) continue;
    problem = parse_switch(value, so_far.is_on[i]);
    return true;
  }
  return false;
}

void apply_aliases(const Given& so_far, Options& options) {
  for (std::size_t i = 0; i < std::size(kAliases); ++i) {
    const std::size_t row = row_of(kAliases[i].option);
    if (so_far.is_on[i] && !so_far.is_set[row]) set_option(options, row, kAliases[i].value);
  }
}

OptionError read_option(std::string_view entry, Given& so_far, Options& options) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view name = entry.substr(kPrefix.size(), equals - kPrefix.size());
  const std::string_view value = entry.substr(equals + 1);
  std::string_view problem;
  bool is_known = read_alias(name, value, so_far, problem);
  for (std::size_t row = 0; row < kOptionCount && !is_known; ++row) {
    is_known = is_named(name, kOptions[row].name);
    if (!is_known) continue;
    problem = set_option(options, row, value);
    so_far.is_set[row] = true;
  }
  if (!is_known) return {entry.substr(0, equals), "is not an option of pymemflow"};
  if (problem.empty()) keep_given(entry);
  return {entry, problem};
}

// A value as it is written in the environment.
std::string_view text_of(std::string_view value, const char*, char (&)[kMaxValueText]) {
  return value;
}

std::string_view text_of(bool value, const char*, char (&)[kMaxValueText]) {
  return value ? "1" : "0";
}

std::string_view text_of(std::uint64_t value, const char*, char (&buffer)[kMaxValueText]) {
  char* begin = buffer + kMaxValueText;
  do *--begin = static_cast<char>('0' + value % 10);
  while ((value /= 10) != 0);
  return {begin, static_cast<std::size_t>(buffer + kMaxValueText - begin)};
}

std::string_view text_of(Domains value, const char*, char (&buffer)[kMaxValueText]) {
  for (const DomainWord& known : kDomainsAlone) {
    if (value == known.domains) return known.word;
  }
  char* end = buffer;
  for (const DomainWord& known : kDomainWords) {
    if ((static_cast<unsigned>(value) & static_cast<unsigned>(known.domains)) == 0) continue;
    if (end != buffer) *end++ = ',';
    std::memcpy(end, known.word.data(), known.word.size());
    end += known.word.size();
  }
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

template <typename Enumeration>
requires std::is_enum_v<Enumeration> std::string_view text_of(Enumeration value, const char* sample,
                                                              char (&)[kMaxValueText]) {
  std::string_view words = sample;
  for (unsigned number = 0; number < static_cast<unsigned>(value); ++number) {
    words.remove_prefix(words.find('|') + 1);
  }
  return words.substr(0, words.find('|'));
}

}  // namespace

bool is_given(const Options& options, std::string_view name) {
  const std::size_t row = row_of(name);
  return row < kOptionCount && (options.given >> row & 1) != 0;
}

std::string_view parse_switch(std::string_view value, bool& is_on) {
  for (const std::string_view word : {"1", "on", "yes", "true"}) {
    if (value == word) return is_on = true, std::string_view();
  }
  for (const std::string_view word : {"0", "off", "no", "false"}) {
    if (value == word) return is_on = false, std::string_view();
  }
  return kSwitchProblem;
}

bool take_flow_column(std::string_view& list, FlowColumn& column) {
  const std::size_t comma = list.find(',');
  const std::string_view name = list.substr(0, comma);
  const bool is_last = comma == std::string_view::npos;
  // An empty name after a comma is not a column either.
  if (!is_last && comma + 1 == list.size()) return false;
  list.remove_prefix(is_last ? list.size() : comma + 1);
  for (std::size_t i = 0; i < kFlowColumns; ++i) {
    column = static_cast<FlowColumn>(i);
    if (name == kFlowColumnNames[i]) return true;
  }
  return false;
}

std::string_view set_option(Options& options, std::size_t row, std::string_view value) {
  if (row < kOptionCount) options.given |= std::uint32_t{1} << row;
  std::size_t candidate = 0;
#define PMF_OPTION(field, name, Type, default_value, sample, use, sentence) \
  if (row == candidate++) {                                                 \
    const Words words = {sample, "is not one of " sample};                  \
    return set_##Type(storages[row], words, value, options.field);          \
  }
#include "options/options.def"
#undef PMF_OPTION
  return "is not an option of pymemflow";
}

bool value_of(const Options& options, std::size_t row, char (&buffer)[kMaxValueText],
              std::string_view& value) {
  const Options defaults;
  std::size_t candidate = 0;
#define PMF_OPTION(field, name, Type, default_value, sample, use, sentence) \
  if (row == candidate++) {                                                 \
    value = text_of(options.field, sample, buffer);                         \
    return options.field != defaults.field;                                 \
  }
#include "options/options.def"
#undef PMF_OPTION
  return false;
}

std::string_view variable_of(std::size_t row, char (&buffer)[kMaxVariableName]) {
  const std::string_view name = kOptions[row].name;
  std::memcpy(buffer, kPrefix.data(), kPrefix.size());
  char* end = buffer + kPrefix.size();
  for (const char c : name) *end++ = upper(c);
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

std::string_view given_options() {
  return given.view();
}

OptionError read_options(char** environment, Options& options) {
  given.used = 0;
  if (environment == nullptr) return {};
  Given so_far;
  for (char** entry = environment; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with(kPrefix)) continue;
    if (const OptionError error = read_option(text, so_far, options)) return error;
  }
  apply_aliases(so_far, options);
  return {};
}

}  // namespace pymemflow
