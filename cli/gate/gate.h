#pragma once
// Judges what processes did by limits. Each limit applies to each process by itself. docs/gate.md
// says what counts as a leak. Pure, except that it notes which suppressions were used. One thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/gate/growth.h"
#include "cli/gate/limits.h"
#include "cli/gate/selection.h"
#include "report/replay/profile.h"

namespace pymemflow::cli {

struct Leak {
  report::SiteName site;
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t oldest = 0;    // the event that allocated the oldest block
  std::uint64_t accepted = 0;  // bytes that the baseline accepts
  // The stack with most of it, in the call tree of the process's profile, and its share.
  report::CallNode node = report::kNoCallNode;
  std::uint64_t bytes_of_node = 0;
  std::uint64_t stacks = 0;        // of this site
  std::uint64_t shown_stacks = 0;  // those that have such memory

  std::uint64_t excess() const { return bytes > accepted ? bytes - accepted : 0; }
};

enum class Outcome : std::uint8_t {
  Passed,
  Failed,   // over a limit
  Unknown,  // not judged
};

struct ProcessVerdict {
  CaptureUse use;
  std::vector<Leak> leaks;  // largest first: by the bytes beyond the baseline, then by all bytes
  report::Amount leaked;    // by all leaks, beyond the baseline
  Growth growth;            // if a limit needs it
  report::Amount suppressed;
  std::array<report::Amount, report::kExemptions> exempt = {};
  std::vector<Finding> findings;  // one per limit that is set

  // A part of what it did was not seen, and its limits cannot be judged for that.
  bool is_blocked = false;

  // All that it made, small objects of Python aside: an interpreter makes millions of them.
  report::Amount allocations() const;
  // Unknown if its record has a gap; if it is over no limit, but blocked, or not judged by one.
  Outcome outcome() const;
};

struct Verdict {
  std::vector<ProcessVerdict> processes;
  std::vector<UnseenPart> unseen;  // of processes that have no record
  bool are_unseen_allowed = false;
  std::vector<std::string> unused_suppressions;
  std::vector<std::string> unused_only;  // patterns that select no site of any process
  std::optional<int> program_exit;       // empty: the gate did not run the program
  bool has_full_stacks = false;          // all callers are printed
  bool are_captures_kept = false;

  // Failed if a process failed, else Unknown if one was not judged or may exist unseen.
  Outcome outcome() const;
  // Some part is unseen for which there is no verdict, unless it is allowed.
  bool has_blocking_part() const;
};

// The processes that were not seen, and whether the user accepts that.
struct UnseenParts {
  std::vector<UnseenPart> parts;  // of processes that have no record
  bool are_allowed = false;
};
// Whether a limit on leaks may be exceeded by what is live at the end, or a baseline tells what is
// allowed.
bool may_leak_too_much(const report::Profile& profile, const Limits& limits);

Verdict judge(std::vector<CaptureUse> uses, const Limits& limits, Selection& selection,
              UnseenParts unseen = {});

// The words for an outcome: `name` for programs, `title` for people.
struct OutcomeRow {
  const char* name;
  const char* title;
};
inline constexpr OutcomeRow kOutcomes[] = {
    {"passed", "passed"}, {"over", "over the limits"}, {"cannot judge", "no verdict"}};
inline const OutcomeRow& row_of(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

// The smallest baseline under which these processes leak nothing.
Baseline baseline_of(const Verdict& verdict);

}  // namespace pymemflow::cli
