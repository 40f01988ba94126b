#pragma once
// The options: options.def is the table. In a traced program they are read from the environment
// once, at start-up, before main(); the command reads them from its command line. One thread;
// nothing is allocated.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>

namespace pymemflow {

// Which Python line an event belongs to.
enum class Attribution : std::uint8_t {
  Frame,  // the one that is running
  Probe,  // the one that the D script's variables name (interpose/recording/probe_attribution.h)
};

// When recording begins.
enum class Start : std::uint8_t {
  Auto,    // at once
  Manual,  // when told to (interpose/library/api.h)
};

enum class Compat : std::uint8_t { None, Dtrace, Dtrace2020 };

struct Options {
  // Texts are copied, and live as long as the process.
  using Text = std::string_view;
  using Path = std::string_view;
  using Switch = bool;
  using Size = std::uint64_t;
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  Type field = default_value;
#include "options/options.def"
#undef PMF_OPTION
};

enum class OptionType : std::uint8_t { Text, Path, Switch, Size, Attribution, Compat, Start };
enum class OptionUse : std::uint8_t { Recording, Report };

// A row of options.def.
struct OptionRow {
  const char* name;
  OptionType type;
  const char* value;
  OptionUse use;
  const char* sentence;
  bool is_on;  // a switch that is on unless the user turns it off
};

template <typename Value>
constexpr bool is_on_by_default([[maybe_unused]] const Value& value) {
  if constexpr (std::is_same_v<Value, bool>) return value;
  return false;
}

inline constexpr OptionRow kOptions[] = {
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  {name, OptionType::Type, value, OptionUse::use, sentence, is_on_by_default(default_value)},
#include "options/options.def"
#undef PMF_OPTION
};
inline constexpr std::size_t kOptionCount = std::size(kOptions);

// Reads "1", "on", "yes", "true", or their opposites. The reason why the value is wrong, or
// nothing.
std::string_view parse_switch(std::string_view value, bool& is_on);

// Sets the option of that row. What is wrong with the value, or nothing.
std::string_view set_option(Options& options, std::size_t row, std::string_view value);

// What is wrong with the environment, as a sentence in parts; empty when nothing is.
struct OptionError {
  std::string_view variable;  // name=value, or name
  std::string_view problem;
  explicit operator bool() const { return !problem.empty(); }
};

// Sets what the environment names. Stops at the first PYMEMFLOW_ variable that is not an option, or
// whose value is not one, and says so.
OptionError read_options(char** environment, Options& options);
// What read_options() read, NAME=value, a line each.
std::string_view given_options();

}  // namespace pymemflow
