#pragma once
// The verbs of the command: `pymemflow report ...`. One thread.
//
// To add a verb: 1. a file cli/<name>_verb.cpp with its add function, declared here; 2. a row of
// kVerbs in verbs.cpp; 3. its source in cli/CMakeLists.txt; 4. its test in tests/process/cli; 5. a
// line in README.

#include <span>
#include <string>

#include "cli/cli11.h"

namespace pymemflow::cli {

struct Verb {
  const char* name;
  const char* sentence;
  // Declares the verb's arguments on `command`, and what happens when it is called: the function
  // given to command.callback() sets `status` to the exit code.
  void (*add)(CLI::App& command, int& status);
};

// THE table.
std::span<const Verb> verbs();

void add_info_verb(CLI::App& command, int& status);
void add_report_verb(CLI::App& command, int& status);

// What cannot be done: one line on standard error, and kUsageError for an exit code.
inline constexpr int kUsageError = 2;
int complain(const std::string& what);

}  // namespace pymemflow::cli
