#pragma once
// Judges the growth of one process over the rounds that it marked (report/replay/rounds.h): which
// sites grow in each steady round, and by how much the whole process grows. Pure, except that it
// notes which suppressions were used. One thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/gate/selection.h"
#include "report/replay/profile.h"
#include "report/replay/steady_growth.h"

namespace pymemflow::cli {

// A line that grows. Its numbers are of the steady rounds.
struct GrowingSite {
  report::SiteName site;
  report::SteadyGrowth bytes;
  report::SteadyGrowth blocks;
  report::Change change;  // of all steady rounds together
  // The stack that grows most, its growth per round, and the number of growing stacks of the line.
  report::CallNode node = report::kNoCallNode;
  std::uint64_t bytes_of_node = 0;
  std::size_t stacks = 0;

  bool grows() const { return bytes.grows || blocks.grows; }
  void stop() { bytes.grows = blocks.grows = false; }
  // Per round, rounded up; 1 at least for a site that grows.
  std::uint64_t bytes_per_round() const;
  std::uint64_t blocks_per_round() const;
};

// The growth over the rounds of one name; of several names, the one that grows most.
struct Growth {
  std::string name;                // of the mark
  std::size_t rounds = 0;          // 0: the process marked none
  std::size_t warm_up = 0;         // rounds that are not judged
  report::SteadyGrowth total;      // of all selected sites, in the steady rounds
  std::vector<GrowingSite> sites;  // that grow, largest first; if none does, those that grew most

  std::size_t steady() const { return rounds - warm_up; }
  // Two steady rounds, or more.
  bool is_judged() const { return total.confidence != report::Confidence::None; }
  // The growth of the process in a steady round: the slope of the whole, if that is significant, or
  // the sum of all sites that grow.
  std::uint64_t bytes_per_round() const;
};

// `warm_up`: the number of rounds to leave out; none: until growth levels off.
Growth growth_of(const report::Profile& profile, Selection& selection,
                 std::optional<std::uint64_t> warm_up);

}  // namespace pymemflow::cli
