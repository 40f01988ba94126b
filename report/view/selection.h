#pragma once
// The calls that a report is on, of those in its view: by the patterns of --only and --ignore, by
// thread and by size. Report side, one thread.
//
// A call belongs to the line that made it, and to the C functions above. A release is selected by
// its own line and thread, and with --min-size if its block was selected when it was allocated.

#include <cstdint>
#include <string_view>

#include "capture/event.h"
#include "options/resolve.h"
#include "report/base/memory.h"
#include "report/names/name_table.h"
#include "report/reader/capture_reader.h"
#include "report/reader/capture_sums.h"
#include "report/reader/per_site.h"
#include "report/replay/event_source.h"
#include "report/replay/profile.h"
#include "report/stacks/origins.h"
#include "report/stacks/stack_names.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

// Whether one of the options is given that select calls.
bool selects_calls(const pymemflow::ReportOptions& asked);

class Selection final : public AllocationFilter {
 public:
  // All are borrowed. Names may be added to the table meanwhile.
  Selection(const pymemflow::ReportOptions& asked, bool has_stacks, const NameTable& names,
            Symbols& symbols);

  // Selects these calls alone, by their numbers, the smallest first.
  void only_calls(Vector<std::uint64_t> calls);

  // A Call, Entered or Left. All of the record are asked for in their order, those before the view
  // too.
  bool takes(const Event& event, bool is_in_view);
  // An allocation, for a profile.
  bool takes_allocation(const Event& event) override;
  bool takes_call(const Event& event, std::uint64_t number) override;
  bool takes_mapping(const Event& event) override;
  bool takes(const EventSum& sum);

  // Lines for the user, on patterns that match nothing. After the last event.
  String notes() const;

 private:
  // A bit for each pattern.
  using Matches = std::uint64_t;
  struct Name {
    bool is_known = false;
    Matches only = 0;
    Matches ignored = 0;
  };
  enum class Verdict : std::uint8_t { Unknown, Taken, LeftOut };

  bool takes_origin(StackId stack, SiteId site);
  bool takes_thread(std::uint32_t thread) const;
  // Of --min-size. A release is that of a block that was selected.
  bool takes_size(const Event& event);
  Verdict verdict_on(CallNode node);
  const Name& name_of(std::uint32_t number);

  const bool has_patterns_;
  const std::uint64_t min_size_;
  Vector<String> only_;
  Vector<String> ignored_;
  Vector<std::uint32_t> threads_;
  Origins origins_;
  StackNames stacks_;
  PerSite<Verdict> verdicts_;  // by origin
  Vector<Name> names_;         // by the number of a name in the tree of stacks_
  Matches used_only_ = 0;
  Matches used_ignored_ = 0;
  HashMap<std::uint64_t, bool> blocks_;  // of that size that are live
  bool has_calls_ = false;
  Vector<std::uint64_t> calls_;  // of only_calls()
  std::uint64_t call_ = 0;       // the number of the latest one
  bool has_taken_ = false;
};

// The calls that allocated what is leaked at the end, for Selection::only_calls(). `polled` has
// been polled.
Vector<std::uint64_t> find_leaked_calls(const CaptureReader& polled, EventSource& source);

}  // namespace pymemflow::report
