#pragma once
// The part of the record that a report is on: a moment (--at), a range (--from, --to), or all of
// it, and the high-water mark in it if that is what is counted. Its moments are found in passes
// over the record before the report is made. Report side, one thread.

#include <cstddef>
#include <cstdint>

#include "options/options.h"
#include "options/resolve.h"
#include "report/base/memory.h"
#include "report/reader/capture_reader.h"
#include "report/replay/event_source.h"
#include "report/view/moment.h"

namespace pymemflow::report {

struct View {
  bool has_range = false;  // it begins at `from`
  Moment from;
  Moment to;  // the moment of --at, or the end of the range; by default the end of the record
  bool has_peak = false;   // Metric::Peak
  Moment peak;             // in the range
  std::size_t passes = 1;  // over the record, that of the report included

  // All of the record is reported, and nothing else.
  bool is_whole() const { return !has_range && to.is_end() && !has_peak; }
};

// Is called with the part of all passes that is done, from 0 to 1; may be null.
using ShowProgress = void (*)(double part);

// Finds the view that is asked for in the record that `reader` has polled. Returns why there is no
// such view; empty: it was found.
String find_view(const pymemflow::ReportOptions& asked, const CaptureReader& reader,
                 EventSource& source, ShowProgress progress, View& view);

// Returns the words for people of a metric: "alive at the end".
String words_of(Metric metric, const View& view);

// The same with its unit: "bytes alive at the end".
String counted_words(Metric metric, const View& view);

// The moments at which a replay has to do something, in their order.
class Stops {
 public:
  enum class Kind : std::uint8_t { From, Peak, To };

  explicit Stops(const View& view);

  // Hands the events of a batch to `take(begin, end)`, by their indexes in the batch, and calls
  // `reach(kind)` at each stop in between. False: the last event of the view was taken.
  template <typename Take, typename Reach>
  bool pass(std::size_t size, Take take, Reach reach) {
    std::size_t begin = 0;
    while (next_ < count_ && stops_[next_].position - seen_ <= size) {
      const Stop& stop = stops_[next_++];
      const auto end = static_cast<std::size_t>(stop.position - seen_);
      if (end > begin) take(begin, end);
      begin = end;
      reach(stop.kind);
      if (stop.kind == Kind::To) return false;
    }
    if (begin < size) take(begin, size);
    seen_ += size;
    return true;
  }
  // After the last event of the record.
  template <typename Reach>
  void finish(Reach reach) {
    while (next_ < count_) reach(stops_[next_++].kind);
  }

 private:
  struct Stop {
    std::uint64_t position = 0;
    Kind kind = Kind::To;
  };

  Stop stops_[3];
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::uint64_t seen_ = 0;
};

}  // namespace pymemflow::report
