#pragma once
// Finds moments in a record, in a pass over its events that comes before the one which makes the
// report. Report side, one thread.

#include <cstdint>
#include <span>

#include "report/reader/event_sink.h"
#include "report/replay/ledger.h"
#include "report/view/moment.h"

namespace pymemflow::report {

// The moment at which most blocks were live: of blocks alone, as the high-water mark of a summary.
class PeakFinder {
 public:
  void on_events(std::span<const Event> events);
  // The peak is looked for from now on.
  void begin();
  // So far. `after_ns` is that of the clock of events.
  Moment found() const;

 private:
  Ledger ledger_;
  std::uint64_t position_ = 0;       // of the next event
  std::uint64_t peak_position_ = 0;  // behind the event that reached it
  std::uint64_t peak_after_ns_ = 0;
};

class MomentFinder {
 public:
  // `asked` is borrowed. `started_ns`: of the recording, by the clock of events.
  MomentFinder(std::span<const MomentAsked> asked, std::uint64_t started_ns);

  // Whether events must be seen to find the moments.
  bool needs_events() const;
  void on_events(const EventBatch& batch);
  // After the last event. The moment of an element of `asked`; `problem` says why there is none.
  Moment found(std::size_t number, String& problem) const;

 private:
  // Limits the memory for a program that sets marks of ever new names.
  static constexpr std::size_t kMaxNames = 256;

  struct Mark {
    Moment moment;
    std::uint64_t count = 0;   // of marks of its name
    std::uint64_t number = 0;  // of `moment` among them
    bool is_found = false;
  };
  struct State {
    Vector<Mark> marks;  // by MomentAsked::marks
    Moment time;
    bool is_time_found = false;
  };

  void on_event(const Event& event);
  void on_mark(const Event& mark);
  std::uint64_t since_start(const Event& event) const;
  Moment now(std::uint64_t after_ns) const;
  Moment found_mark(const MomentAsked& asked, const State& state, String& problem) const;
  Moment found_time(const MomentAsked& asked, const State& state) const;
  String suggestions(std::string_view name) const;

  std::span<const MomentAsked> asked_;
  const std::uint64_t started_ns_;
  Vector<State> states_;  // by `asked_`
  bool has_times_ = false;
  bool has_peak_ = false;
  PeakFinder peak_;
  Map<String, std::uint64_t> names_;  // of marks, with their number
  std::uint64_t position_ = 0;        // events so far
  std::uint64_t calls_ = 0;
  std::uint64_t latest_ns_ = 0;  // the latest clock reading
};

}  // namespace pymemflow::report
