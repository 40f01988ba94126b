#pragma once
// The rows of a profile: what stacks, lines and other groups of them have allocated. Plain values.
// Report side, any thread.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/replay/exemptions.h"
#include "report/replay/ledger.h"
#include "report/stacks/call_tree.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

// The allocations of a row of a report.
struct Usage {
  Totals totals;
  std::array<Amount, kExemptions> exempt = {};  // of `totals.live`, by reason
  Amount at_peak;                               // after ProfileBuilder::note_peak()
  Amount mapped;  // memory and its ranges, if ProfileBuilder::count_mappings() was called
  Amount freed;   // in a range: of what was live when it began

  // Live and not exempt.
  Amount leaked() const;
  void add(const Usage& other);
};

// Those of one call stack. Of a capture without stacks: of one site.
struct StackStats : Usage {
  CallNode node = kNoCallNode;
  std::uint32_t part = 0;  // of the origin (ProfileBuilder::tell_apart_by())
};

// The stack of a row that has most of some memory.
struct StackShare {
  CallNode node = kNoCallNode;
  Amount amount;

  // Becomes the larger one of the two.
  void take(const StackShare& other);
};

// Those of a line, or of what else the rows are made for.
struct SiteStats : Usage {
  SiteName site;
  StackShare most_live;
  StackShare most_leaked;
  std::size_t stacks = 0;  // of this row
  // Those of them that have such memory at the end.
  std::size_t live_stacks = 0;
  std::size_t leaked_stacks = 0;
  // The same for what a report shows (report/rows/rows.h).
  StackShare most_shown;
  std::size_t shown_stacks = 0;

  void add(const StackStats& stack);
  void add(const SiteStats& other);
};

SiteStats row_of(const CallTree& tree, const StackStats& stack);
// Whether `a` comes before `b` in a report: by live bytes, then blocks, then name.
bool has_more(const SiteStats& a, const SiteStats& b);
// One row per line, largest first.
Vector<SiteStats> rows_by_line(const CallTree& tree, const Vector<StackStats>& stacks);
// Joins the rows with the same name, and sorts them by has_more().
void join_rows(Vector<SiteStats>& rows);

// Joins the entries of sites with the same name. Leaves them sorted by name.
template <typename Entry, typename Join>
void join_same(Vector<Entry>& entries, Join join) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.site.key() < b.site.key(); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept != 0 && entries[kept - 1].site.key() == entries[i].site.key()) {
      join(entries[kept - 1], entries[i]);
    } else {
      if (kept != i) entries[kept] = std::move(entries[i]);
      ++kept;
    }
  }
  entries.resize(kept);
}

}  // namespace pymemflow::report
