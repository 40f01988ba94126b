#pragma once
// An output: it is given every event once, in the order in which things happened, and then told
// that there are no more. Sinks run on the report side, on one thread.
//
// To add one: 1. a file report/<name>.cpp with a class derived from Sink; 2. its place in the list
// of report.cpp; 3. its test in tests/unit.

#include "capture/event.h"
#include "report/reader/site.h"

namespace pymemflow::report {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void on_event(const Event& event, const Site& site) = 0;
  // A probe said that a Python function was entered or left; only in a capture made with them.
  virtual void on_mark(const Event& /*mark*/, const Site& /*site*/) {}
  // The program gave this moment a name: CaptureReader::mark_name().
  virtual void on_named_mark(const Event& /*mark*/) {}
  virtual void on_finish() = 0;
};

}  // namespace pymemflow::report
