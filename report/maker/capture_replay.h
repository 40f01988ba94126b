#pragma once
// The replay of a capture for one report: the events of the view that are selected. Report side,
// one thread.

#include <cstddef>
#include <initializer_list>
#include <optional>

#include "report/formats/replay.h"
#include "report/maker/report.h"
#include "report/reader/capture_reader.h"
#include "report/view/selection.h"

namespace pymemflow::report {

class CaptureReplay final : public Replay {
 public:
  // All are borrowed. The capture has been polled.
  CaptureReplay(CaptureReader& reader, Output& output, const ReportOptions& options,
                const View& view);

  // Selects these calls alone, by their numbers, besides what the options select.
  void select_calls(Vector<std::uint64_t> calls);
  // Lines for the user on what the selection did not find. At the end.
  String notes() const { return selection_ ? selection_->notes() : String(); }

  Output& output() override { return output_; }
  Symbols& symbols() override { return symbols_; }
  RecordCounts counts() const override { return reader_.counts(); }
  std::uint32_t process() const override { return reader_.process(); }
  const ThreadNames& threads() const override { return reader_.threads(); }
  const NameTable& names() const override { return reader_.names(); }
  ProcessInfo process_info() const override { return reader_.process_info(); }
  void stream(std::initializer_list<EventSink*> sinks) override;
  Profile profile() override;
  void feed(BlockEvents& blocks) override;

 private:
  using Sinks = std::initializer_list<EventSink*>;

  // Those who take all events in batches; null: nobody.
  struct Takers {
    ProfileBuilder* builder = nullptr;
    BlockEvents* blocks = nullptr;
  };

  void replay(Sinks sinks, Takers takers);
  void show_progress(double part) const;
  void reach(Stops::Kind kind, Sinks sinks, Takers takers);
  // The sinks see the events as compat has them, the takers as they were recorded.
  void feed(const EventBatch& batch, std::size_t begin, std::size_t end, Sinks sinks);
  // Tells the sinks of a call that is not selected.
  bool leaves_out(const Event& event, Sinks sinks);

  CaptureReader& reader_;
  Output& output_;
  const ReportOptions& options_;
  const View& view_;
  bool is_in_range_ = true;
  Symbols symbols_;
  std::optional<Selection> selection_;
};

}  // namespace pymemflow::report
