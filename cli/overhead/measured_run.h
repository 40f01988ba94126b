#pragma once
// Runs a program once and measures what the run takes. One thread; one program at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/launch/environment.h"

namespace pymemflow::cli::overhead {

// The bytes of the files in the folder, sub-folders included.
std::uint64_t bytes_in(const std::string& folder);

// The standard streams of a run: files that each run opens for itself.
struct RunStreams {
  std::string input;  // "/dev/null", or a copy of our standard input
  std::string error;  // takes standard error
};

struct RunResult {
  int error = 0;                // the error number with which the program could not be started
  int status = 0;               // its exit code; 128 + n if signal n ended it
  bool is_interrupted = false;  // the user asked this command to end
  double seconds = 0;           // from its start to its end
  // Of the program and of all descendants that were waited for:
  double processor_seconds = 0;
  std::uint64_t peak_bytes = 0;  // the largest resident set of one process
};
// `output` takes standard output.
RunResult run_once(const std::vector<std::string>& words, Environment& environment,
                   const RunStreams& streams, const std::string& output = "/dev/null");

}  // namespace pymemflow::cli::overhead
