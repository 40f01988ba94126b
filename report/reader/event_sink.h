#pragma once
// The interface of everything that reads events in their order: outputs that stream, and builders
// of results; and a batch of such events. Report side, one thread.
//
// To add an output that streams: a class derived from EventSink in a file of its own, and its row
// in report/formats/formats.def.

#include <cstddef>

#include "capture/event.h"
#include "report/names/site.h"
#include "report/reader/capture_sums.h"

namespace pymemflow::report {

// Some events in their order, with their sites: read first and processed together, so that memory
// which the later ones need can be fetched while the earlier ones are processed.
struct EventBatch {
  // More than are under way at once, and few enough for the processor's first cache.
  static constexpr std::size_t kEvents = 128;

  Event events[kEvents];
  const Site* sites[kEvents];  // null: the event has none (has_site())
  std::size_t size = 0;
};

class EventSink {
 public:
  virtual ~EventSink() = default;

  // A Call.
  virtual void on_event(const Event& event, const Site& site) = 0;
  // Entered or Left. Captures have these only if they were made with probes.
  virtual void on_probe(const Event& /*event*/, const Site& /*site*/) {}
  virtual void on_mark(const Event& /*mark*/) {}
  // A Memory.
  virtual void on_memory(const Event& /*reading*/) {}
  // A Mapping, which is never a flow line and no part of blocks.
  virtual void on_mapping(const Event& /*event*/, const Site& /*site*/) {}
  // Calls that the report leaves out, this many, before the next event.
  virtual void on_left_out(std::uint64_t /*calls*/) {}
  // Events that the capture holds as a sum alone. After all other events.
  virtual void on_sum(const EventSum& /*sum*/, const Site& /*site*/) {}
  // After the last event.
  virtual void on_finish() = 0;
};

// Hands an event to the sink, by its kind. `site` is null if the event has none.
inline void deliver(const Event& event, const Site* site, EventSink& sink) {
  if (event.kind == EventKind::Call) [[likely]] {
    sink.on_event(event, *site);
  } else if (event.kind == EventKind::Mark) {
    sink.on_mark(event);
  } else if (event.kind == EventKind::Memory) {
    sink.on_memory(event);
  } else if (event.kind == EventKind::Mapping) {
    sink.on_mapping(event, *site);
  } else {
    sink.on_probe(event, *site);
  }
}

}  // namespace pymemflow::report
