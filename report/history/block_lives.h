#pragma once
// When blocks were allocated and released, by slices of time: of each origin and thread, how many
// blocks were allocated in one slice and released in another. So what was retained, allocated or
// freed in any range of slices is a sum. Report side, one thread.
//
// The number of slices and that of entries are bounded, whatever the length of the record: the
// slices become twice as long when there are too many of either. A slice begins with the first
// event that was certainly not earlier, as a time of --from and --to does.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "report/base/memory.h"
#include "report/stacks/origins.h"

namespace pymemflow::report {

// The slice of a block that was allocated before the range of the report.
inline constexpr std::uint16_t kBornBefore = 0x7fff;
// In place of the slice of the release: the block is live at the end, and leaked or exempt.
inline constexpr std::uint16_t kLeaked = kBornBefore - 1;
inline constexpr std::uint16_t kExempt = kBornBefore - 2;

// Blocks of one origin and thread with one fate.
struct BlockLives {
  std::uint32_t origin = 0;  // OriginId; in a finished profile, the CallNode of its stack
  std::uint16_t thread = 0;  // index in History::threads
  std::uint16_t born = 0;    // the slice
  std::uint16_t died = 0;    // the slice, kLeaked or kExempt
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

// Numbers of blocks by the bit width of something: entry n counts 2^(n-1) up to 2^n - 1.
using BlocksByWidth = std::array<std::uint64_t, 65>;

struct TimeSlice {
  std::uint64_t calls = 0;   // before it
  BlocksByWidth sizes = {};  // of the blocks that were allocated in it
  BlocksByWidth lives = {};  // of those released in it: the calls from allocation to release
};

// The result.
struct SlicedLives {
  std::uint64_t start_ns = 0;  // of the first slice, since the start of the recording
  std::uint64_t width_ns = 0;
  Vector<TimeSlice> slices;
  Vector<std::uint32_t> threads;  // the last one is kOtherThreads if there were too many
  Vector<BlockLives> lives;
  // Makes the slices twice as long.
  void halve();
};
inline constexpr std::uint32_t kOtherThreads = 0;

// Sorts the entries, and joins those that differ in their numbers alone.
void join(Vector<BlockLives>& lives);

class BlockLivesBuilder {
 public:
  // There are from half of it to all of it, once the record is longer.
  static constexpr std::size_t kMostSlices = 240;

  BlockLivesBuilder();

  // The range of the report begins now.
  void begin_range(std::uint64_t after_ns, std::uint64_t calls);
  // Before each event: its time since the start of the recording, and the calls before it.
  void reach(std::uint64_t after_ns, std::uint64_t calls) {
    if (after_ns >= next_ns_) [[unlikely]]
      advance(after_ns, calls);
  }
  void on_allocated(OriginId origin, std::uint64_t bytes) {
    if (origin == 0) return;  // not selected
    ++result_.slices.back().sizes[static_cast<std::size_t>(std::bit_width(bytes))];
  }
  // A block that the call `event` allocated is released by the call `now`.
  void on_released(OriginId origin, std::uint32_t thread, std::uint64_t event, std::uint64_t bytes,
                   std::uint64_t now) {
    if (origin == 0) return;
    if (event > range_calls_) {
      ++result_.slices.back().lives[static_cast<std::size_t>(std::bit_width(now - event))];
    }
    add(origin, thread, slice_of(event), bytes);
  }
  // After the last event.
  void end() { close(static_cast<std::uint16_t>(result_.slices.size() - 1)); }
  // A block that is live then.
  void on_alive(OriginId origin, std::uint32_t thread, std::uint64_t event, std::uint64_t bytes,
                bool is_exempt) {
    if (origin == 0) return;
    add(origin, thread, slice_of(event) | (is_exempt ? kIsExempt : 0U), bytes);
  }

  // Once.
  SlicedLives finish();

 private:
  static constexpr std::uint64_t kFirstWidth = 1000;
  static constexpr std::size_t kMostThreads = 255;
  // Is added to the slice of a block that is live at the end.
  static constexpr std::uint32_t kIsExempt = 0x8000;

  // The releases of the current slice: a hash table.
  struct Slot {
    std::uint64_t key = 0;  // 0: free
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
  };

  void advance(std::uint64_t after_ns, std::uint64_t calls);
  void add(OriginId origin, std::uint32_t thread, std::uint32_t born, std::uint64_t bytes);
  std::uint16_t slice_of(std::uint64_t event) const;
  std::uint16_t index_of(std::uint32_t thread);
  void grow();
  // Moves the table into the entries of a slice, or of those that are live.
  void close(std::uint16_t died);

  SlicedLives result_;
  std::uint64_t next_ns_ = 0;      // the end of the current slice
  std::uint64_t range_calls_ = 0;  // before the range
  std::size_t most_lives_ = std::size_t{1} << 21;
  Vector<Slot> table_;
  std::size_t used_ = 0;
  HashMap<std::uint32_t, std::uint16_t> threads_;
  std::uint32_t latest_thread_ = kOtherThreads;
  std::uint16_t latest_index_ = 0;
};

}  // namespace pymemflow::report
