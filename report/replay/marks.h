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
#include "report/stacks/call_tree.h"
#include "report/stacks/origins.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

struct OriginChange {
  OriginId origin;
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

// "load begin" for "load end"; empty for other names.
String begin_of_section(std::string_view name);

class Marks {
 public:
  // Keep::Nothing is for a process that never ends: since() alone can be asked.
  enum class Keep : bool { Nothing, All };

  Marks(const Ledger& ledger, Exemptions& exemptions, Keep keep)
      : ledger_(ledger), exemptions_(exemptions), keep_(keep) {}

  // After each event that the ledger took.
  void on_event() {
    if (ledger_.total().live.bytes > peak_bytes_) peak_bytes_ = ledger_.total().live.bytes;
  }
  // `reading`: the Memory that was recorded with the mark, if there is one.
  void on_mark(std::string_view name, std::uint64_t after_ns, const Event& reading = {});

  const Vector<Snapshot>& snapshots() const { return snapshots_; }

  // The growth between the latest mark of that name and now. False: there is no such mark.
  bool since(std::string_view name, Growth& growth) const;

 private:
  using LiveByOrigin = HashMap<OriginId, Amount>;
  // A moment that later ones may be compared with.
  struct Moment {
    String name;
    std::uint64_t event = 0;
    std::uint64_t peak_bytes = 0;  // from there to the latest mark
    Amount live;
    LiveByOrigin counted;
  };

  // The live blocks that are not exempt, by origin.
  LiveByOrigin count() const;
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
  std::uint64_t peak_bytes_ = 0;  // since the latest mark
};

}  // namespace pymemflow::report
