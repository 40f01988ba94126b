#pragma once
// The summary of a capture: what was alive at the end, the highest mark and when it was reached,
// what was allocated in all, and the places that held most. Report side, one thread.

#include "report/base/names.h"
#include "report/base/output.h"
#include "report/reader/event_sink.h"
#include "report/replay/profile.h"

namespace pymemflow::report {

class Summary final : public Sink {
 public:
  Summary(Output& output, const CaptureReader& reader, Symbols& symbols, const Names& names)
      : output_(output), reader_(reader), names_(names), builder_(reader, symbols) {}

  void on_event(const Event& event, const Site& site) override;
  void on_named_mark(const Event& mark) override;
  void on_finish() override;

 private:
  Output& output_;
  const CaptureReader& reader_;
  Names names_;
  UsageBuilder builder_;
};

// 12.3 KiB: for people, beside the exact number.
String shown_size(std::uint64_t bytes);

}  // namespace pymemflow::report
