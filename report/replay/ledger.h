#pragma once
// The ledger of live memory: replays events, and knows after each of them which blocks are live and
// how much each origin has allocated, in the sizes that the program asked for. Report side, one
// thread.
//
// realloc releases one block and allocates another. If it fails, the old block stays live;
// realloc(p, 0) only releases. A release of a block whose allocation was never seen is counted and
// changes nothing else: the block is older than the recording, or the parent of a forked child
// allocated it.

#include <cstdint>

#include "capture/event.h"
#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/history/block_lives.h"
#include "report/reader/per_site.h"
#include "report/replay/block_table.h"
#include "report/stacks/origins.h"

namespace pymemflow::report {

// The allocations of one origin, or of all, so far.
struct Totals {
  Amount live;
  Amount allocated;                // ever; each realloc that succeeds is an allocation
  std::uint64_t temporary = 0;     // blocks released before the next allocation
  std::uint64_t oldest_event = 0;  // that allocated the oldest live block; 0: no block is live

  void add(const Totals& other);
};

class Ledger {
 public:
  struct Peak {
    Amount live;
    std::uint64_t event = 0;  // that reached it first; 0: nothing was ever live
    OriginId origin = 0;
  };
  using Block = LiveBlock;

  // Whether on_event() may have to wait for memory.
  bool is_large() const { return live_.is_large(); }
  // Both bring into the processor's cache what on_event() will look up. The entries are found by
  // the heads, which should be there by then.
  __attribute__((always_inline)) void prefetch_heads(const Event& event) const {
    if (event.kind != EventKind::Call) return;
    if (event.result != 0) live_.prefetch_head(event.result);
    if (takes_block(event)) live_.prefetch_head(event.arguments[0]);
  }
  __attribute__((always_inline)) void prefetch_entries(const Event& event) const {
    if (event.kind != EventKind::Call) return;
    if (event.result != 0) live_.prefetch_entry(event.result, false);
    if (takes_block(event)) live_.prefetch_entry(event.arguments[0], true);
  }
  // Takes a Call. `origin` is that of the event: its site in a capture without stacks. True: live
  // memory reached a new peak.
  bool on_event(const Event& event, OriginId origin);

  // Before the first event: tells of each block that is allocated or released. Borrowed.
  void tell(BlockLivesBuilder& lives) { lives_ = &lives; }

  // The peak is that of what follows: the highest from now on.
  void begin_range() { peak_ = {total_.live, events_, 0}; }

  std::uint64_t events() const { return events_; }
  // Of all origins; without `oldest_event`.
  const Totals& total() const { return total_; }
  const Peak& peak() const { return peak_; }
  // Of the live blocks: those of small objects (LiveBlock::is_object).
  const Amount& objects() const { return objects_; }
  // Small objects that were ever allocated.
  const Amount& allocated_objects() const { return allocated_objects_; }
  // Releases of blocks whose allocation was not seen.
  std::uint64_t unknown_releases() const { return unknown_releases_; }
  // Allocations at an address that was live: the release was lost, or not recorded.
  std::uint64_t unseen_releases() const { return unseen_releases_; }

  // The origins that ever allocated a block, by their first allocation.
  const Vector<OriginId>& origins() const { return origins_; }
  const Totals& of(OriginId origin) { return totals_[origin]; }
  // Brings Totals::oldest_event up to date.
  void find_oldest();

  const BlockTable& blocks() const { return live_; }

 private:
  static bool takes_block(const Event& event) {
    return traits(event.function).effect != Effect::Allocate;
  }
  void allocate(std::uint64_t address, const Event& event, OriginId origin);
  void release(std::uint64_t address);
  void end(const Block& block);

  BlockTable live_;
  BlockLivesBuilder* lives_ = nullptr;
  PerSite<Totals> totals_;
  Vector<OriginId> origins_;
  Totals total_;
  Peak peak_;
  std::uint64_t events_ = 0;
  Amount objects_;
  Amount allocated_objects_;
  std::uint64_t latest_ = 0;  // address of the latest allocation
  std::uint64_t unknown_releases_ = 0;
  std::uint64_t unseen_releases_ = 0;
};

// Memory in a part of the record. `totals` are those of the range: allocations in it, and those of
// them that are live at its end.
struct RangeUse {
  Totals totals;
  Amount freed;  // of the blocks that were live when it began
};

// The memory at the moment at which a range of the record began, and the changes since then. It
// costs nothing for each event. A block that realloc() moved or resized in the range was allocated
// in it, and its old one freed.
class RangeStart {
 public:
  // The range begins now.
  void note(Ledger& ledger);
  bool is_noted() const { return is_noted_; }
  // Calls before it.
  std::uint64_t event() const { return event_; }
  Amount live() const { return all_.totals.live; }
  // Whether the block was allocated in the range.
  bool has(const LiveBlock& block) const { return block.event > event_; }

  // Once, at the end of the range. The functions below may be called then.
  void settle(const Ledger& ledger);
  RangeUse of(OriginId origin, const Totals& now) const;
  RangeUse of_all(const Totals& now) const;

 private:
  struct Then {
    Totals totals;
    Amount left;                     // of `totals.live`, at the end
    std::uint64_t oldest_event = 0;  // of the live blocks of the range
  };
  static RangeUse since(const Then& then, const Totals& now);

  bool is_noted_ = false;
  std::uint64_t event_ = 0;
  Then all_;
  HashMap<OriginId, Then> then_;
};

}  // namespace pymemflow::report
