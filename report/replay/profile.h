#pragma once
// The memory profile of one process: totals, the peak, live memory by site at the end and at each
// mark. It is built from events, wherever they come from. Report side, one thread.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "report/account/account.h"
#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/history/history.h"
#include "report/mappings/mapping_profile.h"
#include "report/names/name_table.h"
#include "report/reader/event_sink.h"
#include "report/reader/process_info.h"
#include "report/replay/exemptions.h"
#include "report/replay/imports.h"
#include "report/replay/ledger.h"
#include "report/replay/marks.h"
#include "report/replay/rounds.h"
#include "report/replay/usage.h"
#include "report/stacks/origins.h"
#include "report/stacks/site_name.h"
#include "report/stacks/stack_names.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

// The resident set, as it was read now and then: at marks, and when a block of the record was full.
// So it may have been larger in between.
struct ResidentReadings {
  std::uint64_t count = 0;
  std::uint64_t first = 0;
  std::uint64_t latest = 0;
  std::uint64_t most = 0;
  std::uint64_t most_after_ns = 0;  // since the start
};

// The most memory that was live at one moment: blocks, and what is mapped without malloc().
struct WholePeak {
  std::uint64_t bytes = 0;
  Amount blocks;
  std::uint64_t arenas = 0;  // Python's
  std::uint64_t mapped = 0;  // other memory
  std::uint64_t event = 0;   // the events until then
  String site;               // of the call that reached it
};

// The part of the record that a profile is of.
struct ProfileRange {
  bool is_given = false;    // false: from the start on
  std::uint64_t event = 0;  // calls before it
  Amount before;            // live when it began
  Amount after;             // live when it ended
  Amount freed;             // of `before`, until its end
};

struct Profile {
  ProcessInfo process;
  Totals total;              // in a range: what was allocated in it
  Amount allocated_objects;  // small objects of Python in `total.allocated`; not of a range
  ProfileRange range;
  Ledger::Peak peak;
  String peak_site;                 // empty: nothing was ever live
  std::uint64_t peak_after_ns = 0;  // since the start; the peak was not earlier
  std::uint64_t events = 0;
  std::uint64_t unknown_releases = 0;
  Vector<SiteStats> sites;    // by line; by live bytes, then blocks, largest first; then by name
  Vector<StackStats> stacks;  // with different nodes or parts, by the first allocation
  CallTree tree;              // of the nodes in all of this
  Vector<Snapshot> snapshots;
  WholePeak whole_peak;
  ResidentReadings resident;
  Vector<Rounds> rounds;
  Account account;          // of all of the memory
  MappingProfile mappings;  // no part of all the above
  History history;          // after ProfileBuilder::keep_history()
};

// Why live memory cannot be told from a record of this mode; empty: it can.
std::string_view profile_problem(RecordMode mode);

// Selects the allocations that a profile shows by stack. Its totals, peak, marks and mappings are
// those of the process.
class AllocationFilter {
 public:
  virtual ~AllocationFilter() = default;
  // A Call that hands out a block.
  virtual bool takes_allocation(const Event& event) = 0;
  // The same, of the call of that number.
  virtual bool takes_call(const Event& event, std::uint64_t number) = 0;
  virtual bool takes_mapping(const Event& event) = 0;
};

// Takes the events in their order, and then makes the profile.
class ProfileBuilder final : public EventSink {
 public:
  // `names` and `symbols` must outlive the builder. Names may be added to the table meanwhile.
  ProfileBuilder(ProcessInfo process, const NameTable& names, Symbols& symbols,
                 Marks::Keep keep = Marks::Keep::All);
  ProfileBuilder(const ProfileBuilder&) = delete;
  ProfileBuilder& operator=(const ProfileBuilder&) = delete;

  void on_event(const Event& event, const Site& site) override;
  void on_mark(const Event& mark) override;
  void on_memory(const Event& reading) override;
  void on_mapping(const Event& event, const Site& site) override;
  void on_finish() override {}
  // The same as the functions above for each, and faster: it fetches what the
  // ledger will look up ahead of its use.
  void on_events(const EventBatch& batch);
  // Skips events whose site has no name.
  void on_events(std::span<const Event> events);

  // The profile is of what happens from now on (RangeStart).
  void begin_range();
  // Keeps what is live now as Usage::at_peak.
  void note_peak();
  // Before the first event. Profile::stacks has an entry for each stack and part.
  void tell_apart_by(OriginPart part) { origins_.tell_apart_by(part); }
  // Before the first event. The filter is borrowed.
  void select(AllocationFilter& filter) { filter_ = &filter; }
  // Stacks that have mapped memory are in the profile too.
  void count_mappings() { counts_mappings_ = true; }
  // Before the first event. The profile has its history.
  void keep_history() {
    history_.emplace();
    ledger_.tell(history_->blocks);
  }
  // The record has more events: its account of the end is not that of this moment.
  void end_early() { is_early_ = true; }

  // Makes the profile. Once, after the last event.
  Profile finish();

  // The numbers of the calls that allocated what is leaked now, the smallest first.
  Vector<std::uint64_t> leaked_calls();

  // So far.
  const Ledger& ledger() const { return ledger_; }
  // Returns the tree that has the nodes of sites_of().
  const CallTree& tree() const { return stack_names_.tree(); }
  const Marks& marks() const { return marks_; }
  // By name of the site, largest first.
  Vector<SiteGrowth> sites_of(const Growth& growth);
  // The owners that have more memory mapped than then, the largest first.
  Vector<MappingGrowth> mappings_since(const Growth& growth) {
    return mappings_.growth_since(growth.mapped_then);
  }

 private:
  // The places in Profile::stacks, plus 1.
  struct StackNumbers {
    Vector<std::size_t> by_node;  // of those without a part
    HashMap<std::uint64_t, std::size_t> by_part;

    // `end`: of the nodes.
    std::size_t& of(CallNode node, std::uint32_t part, CallNode end);
  };

  std::uint64_t since_start(const Event& event) const;
  template <bool kHasOrigins>
  void take(const EventBatch& batch);
  void take(const Event& event, const Site& site, OriginId origin);
  // The live blocks outside of arenas.
  Amount outside_arenas() const;
  void note_whole_peak(OriginId origin);
  void add_totals(Profile& profile);
  void add_account(Profile& profile);
  void add_stacks(Profile& profile);
  void add_history(Profile& profile);
  StackStats& stack_of(Profile& profile, StackNumbers& numbers, OriginId origin);
  Usage usage_of(OriginId origin);
  Vector<Rounds> rounds_of(const Vector<Snapshot>& snapshots);

  const ProcessInfo process_;
  const NameTable& names_;
  Origins origins_;
  StackNames stack_names_;
  MappingProfileBuilder mappings_;
  Ledger ledger_;
  Imports imports_;
  Exemptions exemptions_;
  Marks marks_;
  std::uint64_t peak_after_ns_ = 0;
  WholePeak whole_peak_;  // without its site
  OriginId whole_peak_origin_ = 0;
  std::uint64_t mapped_ = 0;  // now
  RangeStart range_;
  HashMap<OriginId, Amount> at_peak_;
  bool counts_mappings_ = false;
  std::optional<HistoryBuilder> history_;
  AllocationFilter* filter_ = nullptr;
  HashMap<OriginId, bool> selected_mappings_;
  bool is_early_ = false;
  bool has_python_ = false;
  ResidentReadings resident_;
  Event latest_reading_;
  std::uint64_t events_at_reading_ = 0;
};

}  // namespace pymemflow::report
