#pragma once
// The verbs of the command: `pymemflow report ...`. One thread.
//
// To add a verb: 1. a file cli/<name>_verb.cpp with its add function, declared here; 2. a row of
// kVerbs in verbs.cpp; 3. its source in cli/CMakeLists.txt; 4. its test in tests/process/cli; 5. a
// line in README.

#include <span>
#include <string>
#include <vector>

#include "cli/commands/cli11.h"

namespace pymemflow::cli {

// What the verb is called with, and what becomes of it.
struct Call {
  std::vector<std::string> program;  // of a verb that takes one: its words
  int status = 0;                    // the exit code
};

struct Verb {
  const char* name;
  const char* sentence;
  const char* example;  // of the help: what stands behind `pymemflow`, a line each
  bool takes_program;   // what follows the verb's own options is a program to run
  // Declares the verb's arguments on `command`, and what happens when it is called: the function
  // given to command.callback() sets the call's status.
  void (*add)(CLI::App& command, Call& call);
};

// THE table.
std::span<const Verb> verbs();

void add_completion_verb(CLI::App& command, Call& call);
void add_diff_verb(CLI::App& command, Call& call);
void add_doctor_verb(CLI::App& command, Call& call);
void add_gate_verb(CLI::App& command, Call& call);
void add_info_verb(CLI::App& command, Call& call);
void add_manual_verb(CLI::App& command, Call& call);
void add_report_verb(CLI::App& command, Call& call);
void add_run_verb(CLI::App& command, Call& call);
void add_start_verb(CLI::App& command, Call& call);
void add_stop_verb(CLI::App& command, Call& call);

// What cannot be done: one line on standard error, and kUsageError for an exit code.
inline constexpr int kUsageError = 2;
int complain(const std::string& what);

}  // namespace pymemflow::cli
