#pragma once
// The history of a process, for pictures: its memory over time, and the lives of its blocks. Report
// side, one thread.

#include <algorithm>
#include <cstdint>

#include "report/history/block_lives.h"
#include "report/history/memory_curve.h"

namespace pymemflow::report {

struct History {
  MemoryCurve curve;
  SlicedLives blocks;
};

struct HistoryBuilder {
  MemoryCurveBuilder curve;
  BlockLivesBuilder blocks;
  std::uint64_t latest_ns = 0;  // the latest clock reading

  static constexpr std::uint64_t kLongest = std::uint64_t{1} << 55;  // a year

  // Before each event.
  void reach(std::uint64_t after_ns, std::uint64_t calls) {
    // A damaged clock reading must not make slices longer than numbers can be.
    after_ns = std::min(after_ns, kLongest);
    if (after_ns > latest_ns) latest_ns = after_ns;
    curve.reach(after_ns);
    blocks.reach(after_ns, calls);
  }
  void begin_range(std::uint64_t calls) {
    curve.begin_range(latest_ns);
    blocks.begin_range(latest_ns, calls);
  }
};

}  // namespace pymemflow::report
