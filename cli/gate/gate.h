#pragma once
// Holds what processes did against limits: pure, but for counting which suppressions were used.
// Limits hold for each process by itself. docs/gate.md says what counts as a leak. One thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/gate/baseline.h"
#include "cli/gate/selection.h"
#include "report/replay/profile.h"

namespace pymemflow::cli {

struct Limits {
  std::optional<std::uint64_t> max_leak;
  std::optional<std::uint64_t> max_leak_per_site;
  std::optional<std::uint64_t> max_peak;
  std::optional<std::uint64_t> max_allocations;
  std::optional<std::uint64_t> max_growth;
  std::optional<Baseline> baseline;
  double tolerance = 0;
};

struct Leak {
  report::SiteName place;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t oldest = 0;    // the event that handed out the oldest block
  std::uint64_t accepted = 0;  // bytes that the baseline knows of

  std::uint64_t excess() const { return bytes > accepted ? bytes - accepted : 0; }
};

// Where what is alive grew most from one mark to another, and the places of that.
struct WorstGrowth {
  bool is_known = false;  // there are two marks to be held against each other
  std::string since;
  std::string mark;
  report::Change change;
  std::vector<Leak> places;  // that grew, largest first
};

// What a limit says of a process.
struct Finding {
  const char* limit;  // as on the command line
  std::uint64_t value = 0;
  std::uint64_t allowed = 0;
  std::string sentence;  // "leaks 10000 bytes in 10 blocks; --max-leak allows 4096"

  bool is_over() const { return value > allowed; }
};

struct ProcessVerdict {
  CaptureUse use;
  std::vector<Leak> leaks;  // largest first: by what the baseline does not know, then by all
  report::Amount leaked;    // of all leaks, beyond the baseline
  WorstGrowth growth;
  report::Amount suppressed;
  std::array<report::Amount, report::kExemptions> aside = {};
  std::vector<Finding> findings;  // one a limit

  bool is_over() const;
};

struct Verdict {
  std::vector<ProcessVerdict> processes;
  std::vector<std::string> unused_suppressions;

  bool is_over() const;
};

Verdict judge(std::vector<CaptureUse> uses, const Limits& limits, Selection& selection);

// What a baseline would have to know for these to be within it.
Baseline baseline_of(const Verdict& verdict);

}  // namespace pymemflow::cli
