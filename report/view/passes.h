#pragma once
// Passes over a record that come before the one which makes the report. Report side, one thread.

#include "report/reader/capture_reader.h"
#include "report/replay/event_source.h"

namespace pymemflow::report {

// Calls take(batch) for the events that `polled` knows, in their order, until it returns false,
// with a reader of its own. `prepare(reader)` is called before the first one, `finish()` after the
// last one: what prepare() made may refer to the reader until then.
template <typename Prepare, typename Take, typename Finish>
void pass_over(const CaptureReader& polled, EventSource& source, Prepare prepare, Take take,
               Finish finish) {
  CaptureReader reader(polled.files());
  if (reader.poll(polled.limit()) != CaptureError::None) return;
  prepare(reader);
  source.begin(reader);
  while (const EventBatch* const batch = source.next()) {
    if (!take(*batch)) break;
  }
  source.end();
  finish();
}
template <typename Take>
void pass_over(const CaptureReader& polled, EventSource& source, Take take) {
  pass_over(
      polled, source, [](const CaptureReader&) {}, take, [] {});
}

}  // namespace pymemflow::report
