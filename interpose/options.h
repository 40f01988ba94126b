#pragma once
// The options, read from the environment once, at start-up, before main(). options.def is the
// table.

#include <string_view>

namespace pymemflow::interpose {

struct Options {
  using Text = std::string_view;  // of the environment's own memory, copied by read_options()
  using Switch = bool;
#define PMF_OPTION(field, name, Type, default_value, value, sentence) Type field = default_value;
#include "interpose/options.def"
#undef PMF_OPTION
};

// What is wrong with the environment, as a sentence in parts; empty when nothing is.
struct OptionError {
  std::string_view variable;  // name=value, or name
  std::string_view problem;
  explicit operator bool() const { return !problem.empty(); }
};

// Sets what the environment names. Stops at the first PYMEMFLOW_ variable that is not an option, or
// whose value is not one, and says so.
OptionError read_options(char** environment, Options& options);

}  // namespace pymemflow::interpose
