#pragma once
// The account of memory over time, as points at equal distances, of which there are at most a fixed
// number: the distance becomes twice as long when there are too many. Report side, one thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "report/base/memory.h"

namespace pymemflow::report {

// Memory in the time before a point, in bytes.
struct MemoryPoint {
  std::uint64_t live = 0;      // blocks, at the end of that time
  std::uint64_t most = 0;      // the most of them in it
  std::uint64_t arenas = 0;    // Python's, at its end
  std::uint64_t mapped = 0;    // other memory that is mapped without malloc(), at its end
  std::uint64_t resident = 0;  // the largest reading of the resident set; 0: there was none
};

struct MemoryCurve {
  std::uint64_t start_ns = 0;  // since the start of the recording
  std::uint64_t width_ns = 0;
  Vector<MemoryPoint> points;
};

class MemoryCurveBuilder {
 public:
  // There are from half of it to all of it, once the record is longer.
  static constexpr std::size_t kMostPoints = 800;

  MemoryCurveBuilder() { begin_range(0); }

  // The range of the report begins now.
  void begin_range(std::uint64_t after_ns) {
    curve_ = {.start_ns = after_ns, .width_ns = kFirstWidth, .points = {}};
    next_ns_ = after_ns + kFirstWidth;
    now_.most = now_.live;
    now_.resident = 0;
  }
  // Before each event: its time since the start of the recording.
  void reach(std::uint64_t after_ns) {
    if (after_ns >= next_ns_) [[unlikely]]
      advance(after_ns);
  }
  void on_blocks(std::uint64_t live) {
    now_.live = live;
    now_.most = std::max(now_.most, live);
  }
  void on_mapped(std::uint64_t arenas, std::uint64_t mapped) {
    now_.arenas = arenas;
    now_.mapped = mapped;
  }
  void on_resident(std::uint64_t bytes) { now_.resident = std::max(now_.resident, bytes); }

  // Once.
  MemoryCurve finish() {
    curve_.points.push_back(now_);
    return std::move(curve_);
  }

 private:
  static constexpr std::uint64_t kFirstWidth = 1000;

  void advance(std::uint64_t after_ns);
  void halve();

  MemoryCurve curve_;
  std::uint64_t next_ns_ = 0;  // the end of the time of the next point
  MemoryPoint now_;
};

}  // namespace pymemflow::report
