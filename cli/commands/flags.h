#pragma once
// What a verb takes, as the parser knows it: for those who describe the command line, so that none
// of them names an option itself. One thread.

#include <string>
#include <vector>

#include "cli/commands/cli11.h"

namespace pymemflow::cli {

struct OwnOption {
  std::string name;  // with its dashes
  std::string sentence;
  std::string value;                // as the help has it: "SIZE"; empty: a switch alone
  std::vector<std::string> values;  // where there are few: the words
  bool is_file = false;             // its value names one
  bool needs_value = false;
};

std::vector<OwnOption> options_of(const CLI::App& verb);

// "CAPTURE", "[PROGRAM...]": what stands behind the options.
std::string operands_of(const CLI::App& verb);

// All verbs of the command, in the order of the table.
std::vector<const CLI::App*> verbs_of(const CLI::App& command);

}  // namespace pymemflow::cli
