#pragma once
// Runs a program bare and under each tool, in interleaved rounds, and compares what the runs take.
// Each round runs the program bare, under every tool in turn, and bare again. A first round fills
// the caches and does not count. One thread; one comparison at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console/messages.h"
#include "cli/overhead/modes.h"
#include "cli/overhead/statistics.h"

namespace pymemflow::cli::overhead {

// A way to run the program, and what its runs took.
struct Row {
  std::string name;  // "record", "record, stack=python", "beside 1: record", "memray"
  const Mode* mode = nullptr;
  std::string library;  // of a mode of recording
  std::string stack;    // of a mode of recording: the value of the option; empty: the default
  std::string version;  // of a peer
  std::string failure;  // why the tool was left out after it had been started; empty: it was not
  int status = 0;       // the exit code of its last run
  // One element for each round that counts:
  std::vector<double> seconds;
  std::vector<double> processor_seconds;
  std::vector<double> peak_bytes;
  std::vector<double> record_bytes;
};

struct Plan {
  std::vector<std::string> program;
  std::uint64_t rounds = 5;
  bool ignores_failure = false;
  std::vector<const Mode*> ours;
  std::vector<const Mode*> peers;
  std::vector<std::string>
      stacks;  // each mode of recording is measured with each; empty: the default
  std::vector<std::string> libraries;  // other builds of the library, measured beside this one
};

// One statistic for processor time and one for time.
struct Ratio {
  Estimate estimate;
  bool is_within_noise = false;
};

struct Measured {
  const Row* row = nullptr;
  Ratio processor;
  Ratio time;
  double ns_per_event = 0;  // processor time; 0 if the difference is within the
                            // noise, or the events are too few
};

struct Comparison {
  std::vector<Row> rows;              // the first is bare, the last bare again
  std::vector<std::string> left_out;  // peers that are not installed, or cannot run this program
  std::uint64_t events = 0;
  std::uint64_t processes = 0;  // in which Python ran
  bool has_events = false;      // false: no Python ran
  int status = 0;               // the exit code of the program, bare
  std::string said;             // the end of its standard error, if it failed
  bool is_stopped = false;      // the program failed bare, or the user stopped the comparison
  bool is_interrupted = false;  // the latter
  double processor_noise = 1;
  double time_noise = 1;
};

// Measures. Says on standard error which peers are left out, and messages of the library; shows the
// progress there if it is a terminal.
Error compare(const Plan& plan, Comparison& comparison);

// Fewer events than these do not tell what one costs: the start of the library is most of it.
inline constexpr std::uint64_t kManyEvents = 100'000;

// The statistics of all rows, in their order.
std::vector<Measured> evaluate(Comparison& comparison);

}  // namespace pymemflow::cli::overhead
