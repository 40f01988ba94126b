#pragma once
// What is alive at any moment, by site: the record, replayed. Asked between two events it knows
// exactly what the program held there, in the sizes that the program asked for. Report side, one
// thread.
//
// realloc takes one block back and hands out another; where it fails, the old one stays; realloc(p,
// 0) takes back alone. A block that is taken back and was never seen handed out is from before the
// recording, or, in a forked child, the parent's: it is counted, and changes nothing else.

#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/per_site.h"

namespace pymemflow::report {

// What one site has done so far, or all of them.
struct Holding {
  std::uint64_t blocks = 0;  // alive
  std::uint64_t bytes = 0;
  std::uint64_t allocations = 0;  // ever; each realloc that succeeds is one
  std::uint64_t allocated_bytes = 0;
  std::uint64_t temporary = 0;  // taken back with no other allocation in between
  std::uint64_t oldest = 0;     // the event that handed out the oldest block alive; 0: none is

  void add(const Holding& other);
};

class Ledger {
 public:
  struct Peak {
    std::uint64_t bytes = 0;
    std::uint64_t blocks = 0;
    std::uint64_t event = 0;  // after this one it was reached first; 0: nothing was ever alive
    SiteId site = 0;
  };

  // True: this event reached the highest mark so far.
  bool on_event(const Event& event);

  std::uint64_t events() const { return events_; }
  // All sites together, but for `oldest`.
  const Holding& total() const { return total_; }
  const Peak& peak() const { return peak_; }
  // Blocks taken back that were never seen handed out.
  std::uint64_t unknown_releases() const { return unknown_releases_; }
  // Blocks handed out again whose release was never seen: it was lost, or not recorded.
  std::uint64_t unseen_releases() const { return unseen_releases_; }

  // The sites that ever handed out a block, in the order in which they did so first.
  const Vector<SiteId>& sites() const { return sites_; }
  const Holding& of(SiteId site) { return holdings_[site]; }
  // Brings Holding::oldest up to date.
  void find_oldest();

  struct Block {
    std::uint64_t bytes;
    std::uint64_t event;  // that handed it out
    SiteId site;
    std::uint32_t thread;
  };
  // Those that are alive, by address.
  const HashMap<std::uint64_t, Block>& blocks() const { return alive_; }

 private:
  void hand_out(std::uint64_t address, const Event& event);
  void take_back(std::uint64_t address);
  void end(const Block& block);

  HashMap<std::uint64_t, Block> alive_;  // by address
  SiteTable<Holding> holdings_;
  Vector<SiteId> sites_;
  Holding total_;
  Peak peak_;
  std::uint64_t events_ = 0;
  std::uint64_t latest_ = 0;  // address of the latest allocation
  std::uint64_t unknown_releases_ = 0;
  std::uint64_t unseen_releases_ = 0;
};

}  // namespace pymemflow::report
