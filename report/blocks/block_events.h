#pragma once
// The lives of blocks, one by one, for formats that show more of them than a profile holds. Report
// side, one thread.

#include <cstdint>

#include "capture/event.h"
#include "report/names/name_table.h"
#include "report/reader/event_sink.h"
#include "report/replay/block_table.h"
#include "report/replay/profile.h"
#include "report/stacks/origins.h"
#include "report/stacks/stack_names.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

// A block at the end of its life.
struct EndedBlock {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  OriginId origin = 0;     // of the allocation
  std::uint64_t note = 0;  // the sink's own, of on_allocated()
};

// A realloc() that succeeds ends one block and begins another.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  // A call that handed out a block. Returns a number that is kept with the block, and is less than
  // 2^41.
  virtual std::uint64_t on_allocated(const Event& call, OriginId origin) = 0;
  // The call has released the block, or its address was handed out again.
  virtual void on_released(const Event& call, const EndedBlock& block) = 0;
  // A reading of the resident memory.
  virtual void on_memory(const Event& reading) = 0;
};

// Hands the blocks of a record to a sink. Blocks that were allocated before the record or the range
// are not in it.
class BlockEvents {
 public:
  // All are borrowed, and may grow meanwhile.
  BlockEvents(const NameTable& names, Symbols& symbols, bool has_stacks, BlockSink& sink);

  // Before the first event: only blocks that the filter takes. Borrowed.
  void select(AllocationFilter& filter) { filter_ = &filter; }
  // Events before begin_range() are left out.
  void wait_for_range() { is_in_range_ = false; }
  void begin_range() { is_in_range_ = true; }

  void on_events(const EventBatch& batch);

  // Of any call. A release has only its line.
  OriginId origin_of(const Event& call) {
    return origins_.has_entries() ? origins_.of(call) : call.site;
  }
  // The stack of an origin, and the tree that has its node.
  CallNode node_of(OriginId origin) { return stack_names_.node_of(origin); }
  const CallTree& tree() const { return stack_names_.tree(); }
  // All calls so far, those before the range too.
  std::uint64_t calls() const { return calls_; }
  // Returns the number of the live blocks.
  std::uint64_t live() const { return live_.size(); }

 private:
  void take(const Event& call);
  void release(const Event& call);

  Origins origins_;
  StackNames stack_names_;
  BlockSink& sink_;
  AllocationFilter* filter_ = nullptr;
  BlockTable live_;
  bool is_in_range_ = true;
  std::uint64_t calls_ = 0;
};

}  // namespace pymemflow::report
