#pragma once
// What the program held at the moments to which it gave a name (pymemflow_mark()), and by how much
// that had grown since an earlier one. What counts is what counts as a leak: blocks that were not
// set aside. docs/gate.md says which marks are held against each other. Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/replay/exemptions.h"
#include "report/replay/ledger.h"

namespace pymemflow::report {

// What changed between two moments.
struct SiteChange {
  SiteId site;
  Change change;
};
struct Growth {
  String since;  // the name of the earlier mark; of none if it is empty
  std::uint64_t since_event = 0;
  std::uint64_t peak_bytes = 0;  // the most that was alive in between, whatever it was
  Change alive;                  // whatever it is
  Change counted;                // what counts
  Vector<SiteChange> sites;      // of what counts; where nothing changed is left out
};

struct MarkUse {
  String name;
  std::uint64_t event = 0;     // how many there had been
  std::uint64_t after_ns = 0;  // since the start
  Amount alive;
  Growth growth;
};

class Marks {
 public:
  // Keep::Nothing: since() alone is wanted, in a process that may have marks for ever.
  enum class Keep : bool { Nothing, All };

  Marks(const Ledger& ledger, Asides& asides, Keep keep)
      : ledger_(ledger), asides_(asides), keep_(keep) {}

  // After each event that the ledger was told of.
  void on_event() {
    if (ledger_.total().bytes > peak_bytes_) peak_bytes_ = ledger_.total().bytes;
  }
  void on_mark(std::string_view name, std::uint64_t after_ns);

  const Vector<MarkUse>& all() const { return uses_; }

  // What changed between the latest mark of that name and now. False: there is none.
  bool since(std::string_view name, Growth& growth) const;

 private:
  using Holdings = HashMap<SiteId, Amount>;
  // A moment that later ones may be held against.
  struct Moment {
    String name;
    std::uint64_t event = 0;
    std::uint64_t peak_bytes = 0;  // from there to the latest mark
    Amount alive;
    Holdings counted;
  };

  // Of what counts, by site: now.
  Holdings count() const;
  const Moment* find(std::string_view name) const;
  // What a mark of this name is held against; null: nothing.
  const Moment* earlier_for(std::string_view name) const;
  Growth growth_from(const Moment& moment, const Holdings& now) const;
  void keep(Moment moment);

  const Ledger& ledger_;
  Asides& asides_;
  const Keep keep_;
  Vector<Moment> moments_;  // the latest of each name, the latest last
  Vector<MarkUse> uses_;
  std::uint64_t peak_bytes_ = 0;  // since the latest mark
};

}  // namespace pymemflow::report
