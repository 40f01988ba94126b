#pragma once
// The interface of everything that reads events in their order: outputs that stream, and builders
// of results. Report side, one thread.
//
// To add an output that streams: a class derived from EventSink in a file of its own, and its row
// in report/formats/formats.def.

#include "capture/event.h"
#include "report/reader/capture_sums.h"
#include "report/reader/site.h"

namespace pymemflow::report {

class EventSink {
 public:
  virtual ~EventSink() = default;

  // A Call.
  virtual void on_event(const Event& event, const Site& site) = 0;
  // Entered or Left. Captures have these only if they were made with probes.
  virtual void on_probe(const Event& /*event*/, const Site& /*site*/) {}
  virtual void on_mark(const Event& /*mark*/) {}
  // Events that the capture holds as a sum alone. After all other events.
  virtual void on_sum(const EventSum& /*sum*/, const Site& /*site*/) {}
  // After the last event.
  virtual void on_finish() = 0;
};

// Hands an event to the sink, by its kind. `site` may be null for a Mark alone.
inline void deliver(const Event& event, const Site* site, EventSink& sink) {
  if (event.kind == EventKind::Call) [[likely]] {
    sink.on_event(event, *site);
  } else if (event.kind == EventKind::Mark) {
    sink.on_mark(event);
  } else {
    sink.on_probe(event, *site);
  }
}

}  // namespace pymemflow::report
