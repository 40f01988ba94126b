#pragma once
// Measures what Pythons keep until the end by themselves, for the gate: runs each of them once with
// a small program that uses for the first time what programs use, and leaks nothing. One thread.

#include <map>
#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "options/options.h"
#include "report/replay/interpreter_memory.h"

namespace pymemflow::cli {

class IdleRuns {
 public:
  // The options and the lines are those of the run that is judged: debug information names
  // functions that have no symbol.
  IdleRuns(const Options& options, const report::LinesWanted& lines)
      : options_(options), lines_(lines) {}

  // Exempts what the Python of that process keeps by itself. The process was started by this
  // command: its command line is trusted to name a program. Does nothing if that is no Python, or
  // if the small program could not be run; then all of the memory counts.
  void set_aside(CaptureUse& use);

 private:
  const report::InterpreterMemory& memory_of(const std::string& python);

  const Options& options_;
  const report::LinesWanted lines_;
  std::map<std::string, report::InterpreterMemory> measured_;  // by the path of the Python
};

}  // namespace pymemflow::cli
