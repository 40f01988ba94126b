#pragma once
// Snapshots of live memory at the moments that the program named (pymemflow_mark()), and its growth
// between them. Growth counts live blocks that are not exempt, and small objects of Python.
// docs/gate.md says which marks are compared. Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/replay/exemptions.h"
#include "report/replay/ledger.h"
#include "report/replay/rounds.h"
#include "report/stacks/call_tree.h"
#include "report/stacks/origins.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

// Of the small objects of one size, or of all other blocks.
struct OriginChange {
  OriginId origin;
  std::uint16_t size;  // of the objects; kNoObject: other blocks
  Change change;
};

// The growth of a line. `node`: the stack that grew most, if any did.
struct SiteGrowth {
  SiteName site;
  Change change;
  CallNode node = kNoCallNode;
  Change change_of_node;
  std::size_t stacks = 0;
};

// The change of live memory between two moments.
struct Growth {
  String since;                   // the name of the earlier mark; empty: no mark is comparable
  std::uint64_t since_event = 0;  // events before that mark
  std::uint64_t peak_bytes = 0;   // the peak of live memory in between, exempt blocks included
  Change live;                    // exempt blocks included
  Change counted;                 // without exempt blocks
  Vector<OriginChange> origins;   // of `counted`; those that did not change are left out
  // Of since() alone: what was mapped (MappingLedger::mapped_by_use()) and resident at the mark,
  // and the largest excess since then of live blocks and mappings together.
  Vector<std::uint64_t> mapped_then;
  std::uint64_t resident_then = 0;  // 0: unknown
  std::uint64_t rise = 0;
};

// Live memory at a mark.
struct Snapshot {
  String name;
  std::uint64_t event = 0;     // events before it
  std::uint64_t after_ns = 0;  // since the start of the recording
  Amount live;
  // The resident set, and the heaps of the C library with their free parts, in bytes; 0: unknown.
  std::uint64_t resident = 0;
  std::uint64_t heaps = 0;
  std::uint64_t free_in_heaps = 0;
  Growth growth;             // since the mark that it is compared with
  Vector<SiteGrowth> sites;  // growth.origins by name, largest first; in a finished profile
};

// Which rounds (report/replay/rounds.h) of one name have blocks that are live now. What leaks
// stays, what a cache replaces does not.
struct KeptRounds {
  struct Span {
    std::uint64_t first = 0;  // events before the round, and at its end
    std::uint64_t last = 0;
  };
  Vector<Span> spans;
  // Numbers of rounds, ascending, at the end of the latest one.
  HashMap<OriginId, Vector<std::uint32_t>> by_origin;

  void add(const LiveBlock& block);
  void sort();
};

// "load begin" for "load end"; empty for other names.
String begin_of_section(std::string_view name);

// Whether the mark ends a round: it is compared with one of its own name, or with the begin of its
// section.
bool ends_round(std::string_view name, std::string_view since);

class Marks {
 public:
  // Keep::Nothing is for a process that never ends: since() alone can be asked.
  enum class Keep : bool { Nothing, All };

  Marks(const Ledger& ledger, Exemptions& exemptions, Keep keep)
      : ledger_(ledger), exemptions_(exemptions), keep_(keep) {}

  // After each event that the ledger took.
  void on_event() {
    const std::uint64_t live = ledger_.total().live.bytes;
    if (live > peak_bytes_) peak_bytes_ = live;
    if (live + mapped_ > whole_peak_) whole_peak_ = live + mapped_;
  }
  // After each mapping: the bytes that are mapped, and not by an allocator whose blocks the ledger
  // has.
  void on_mapping(std::uint64_t mapped) {
    mapped_ = mapped;
    on_event();
  }
  // `reading`: the Memory that was recorded with the mark, if there is one.
  void on_mark(std::string_view name, std::uint64_t after_ns, const Event& reading = {},
               Vector<std::uint64_t> mapped = {});

  const Vector<Snapshot>& snapshots() const { return snapshots_; }
  // Calls visit(name, KeptRounds) for each of the latest 256 names that have rounds.
  template <typename Visit>
  void for_each_kept(Visit visit) const {
    for (const auto& [name, kept] : kept_) visit(name, kept);
  }

  // The growth between the latest mark of that name and now. False: there is no such mark.
  bool since(std::string_view name, Growth& growth) const;

 private:
  using LiveByOrigin = HashMap<std::uint64_t, Amount>;  // by origin and size (key_of())
  // A moment that later ones may be compared with.
  struct Moment {
    String name;
    std::uint64_t event = 0;
    std::uint64_t peak_bytes = 0;  // from there to the latest mark
    Amount live;
    LiveByOrigin counted;
    Vector<std::uint64_t> mapped = {};
    std::uint64_t resident = 0;
    std::uint64_t whole = 0;       // live blocks and mappings
    std::uint64_t whole_peak = 0;  // the same, from there to the latest mark
  };

  // The live blocks that are not exempt, by origin. `kept` may be null.
  LiveByOrigin count(KeptRounds* kept) const;
  const Moment* find(std::string_view name) const;
  // The moment that a mark of this name is compared with; null: none.
  const Moment* earlier_for(std::string_view name) const;
  Growth growth_from(const Moment& moment, const LiveByOrigin& now) const;
  void keep(Moment moment);

  const Ledger& ledger_;
  Exemptions& exemptions_;
  const Keep keep_;
  Vector<Moment> moments_;  // the latest of each name, by time
  Vector<Snapshot> snapshots_;
  Map<String, KeptRounds> kept_;  // by the name of the marks that end the rounds
  // Since the latest mark.
  std::uint64_t peak_bytes_ = 0;
  std::uint64_t whole_peak_ = 0;
  std::uint64_t mapped_ = 0;  // now
};

}  // namespace pymemflow::report
