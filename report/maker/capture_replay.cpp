#include "report/maker/capture_replay.h"

#include <algorithm>
#include <utility>

#include "report/dtrace/compat.h"
#include "report/rows/rows.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kBatchesBetweenProgress = (1 << 16) / EventBatch::kEvents;

template <typename Taker>
void feed_part(const EventBatch& batch, std::size_t begin, std::size_t end, Taker& taker) {
  if (begin == 0 && end == batch.size) return taker.on_events(batch);
  EventBatch part;
  part.size = end - begin;
  std::copy_n(batch.events + begin, part.size, part.events);
  std::copy_n(batch.sites + begin, part.size, part.sites);
  taker.on_events(part);
}

bool has_line(EventKind kind) {
  return kind == EventKind::Call || kind == EventKind::Entered || kind == EventKind::Left;
}

}  // namespace

CaptureReplay::CaptureReplay(CaptureReader& reader, Output& output, const ReportOptions& options,
                             const View& view)
    : reader_(reader),
      output_(output),
      options_(options),
      view_(view),
      symbols_(reader.names().modules(), options.is_in_process && !options.is_reporter
                                             ? Symbols::Where::kInProcess
                                             : Symbols::Where::kOffline) {
  if (selects_calls(options.asked)) {
    selection_.emplace(options.asked, reader.has_stacks(), reader.names(), symbols_);
  }
}

void CaptureReplay::select_calls(Vector<std::uint64_t> calls) {
  if (!selection_) {
    selection_.emplace(options_.asked, reader_.has_stacks(), reader_.names(), symbols_);
  }
  selection_->only_calls(std::move(calls));
}

void CaptureReplay::stream(Sinks sinks) {
  if (options_.profile == nullptr || !profile_problem(reader_.head().mode).empty()) {
    replay(sinks, {});
  } else {
    ProfileBuilder builder(reader_.process_info(), reader_.names(), symbols_);
    replay(sinks, {.builder = &builder});
    *options_.profile = builder.finish();
  }
  for (const EventSum& sum : reader_.sums()) {
    const Site* const site = reader_.names().find(sum.site);
    if (site == nullptr || (selection_ && !selection_->takes(sum))) continue;
    for (EventSink* const sink : sinks) sink->on_sum(sum, *site);
  }
  for (EventSink* const sink : sinks) sink->on_finish();
}

Profile CaptureReplay::profile() {
  ProfileBuilder builder(reader_.process_info(), reader_.names(), symbols_);
  if (selection_) builder.select(*selection_);
  builder.tell_apart_by(part_of(options_.asked.by));
  if (options_.asked.metric == Metric::Mapped) builder.count_mappings();
  if (options_.asked.format == "html") builder.keep_history();
  replay({}, {.builder = &builder});
  Profile profile = builder.finish();
  if (options_.profile != nullptr) *options_.profile = profile;
  return profile;
}

void CaptureReplay::feed(BlockEvents& blocks) {
  if (selection_) blocks.select(*selection_);
  if (view_.has_range) blocks.wait_for_range();
  replay({}, {.blocks = &blocks});
}

void CaptureReplay::replay(Sinks sinks, Takers takers) {
  DirectSource direct;
  EventSource& source = options_.source != nullptr ? *options_.source : direct;
  source.begin(reader_);
  Stops stops(view_);
  is_in_range_ = !view_.has_range;
  const auto reach_stop = [&](Stops::Kind kind) { reach(kind, sinks, takers); };
  for (std::uint64_t batches = 1; output_.error() == 0; ++batches) {
    const EventBatch* const batch = source.next();
    if (batch == nullptr) {
      stops.finish(reach_stop);
      break;
    }
    if (options_.progress != nullptr && batches % kBatchesBetweenProgress == 0)
      show_progress(source.progress());
    const auto take = [&](std::size_t begin, std::size_t end) {
      if (takers.builder != nullptr) feed_part(*batch, begin, end, *takers.builder);
      if (takers.blocks != nullptr) feed_part(*batch, begin, end, *takers.blocks);
      if (sinks.size() != 0) feed(*batch, begin, end, sinks);
    };
    if (!stops.pass(batch->size, take, reach_stop)) break;
  }
  source.end();
}

void CaptureReplay::show_progress(double part) const {
  const auto passes = static_cast<double>(view_.passes);
  options_.progress((passes - 1 + part) / passes);
}

void CaptureReplay::reach(Stops::Kind kind, Sinks sinks, Takers takers) {
  switch (kind) {
    case Stops::Kind::From:
      is_in_range_ = true;
      for (EventSink* const sink : sinks) sink->on_left_out(view_.from.event);
      if (takers.builder != nullptr) takers.builder->begin_range();
      if (takers.blocks != nullptr) takers.blocks->begin_range();
      break;
    case Stops::Kind::Peak:
      if (takers.builder != nullptr) takers.builder->note_peak();
      break;
    case Stops::Kind::To:
      if (takers.builder != nullptr) takers.builder->end_early();
      break;
  }
}

void CaptureReplay::feed(const EventBatch& batch, std::size_t begin, std::size_t end, Sinks sinks) {
  const bool is_compat = options_.asked.compat != Compat::None;
  for (std::size_t i = begin; i < end && output_.error() == 0; ++i) {
    const Event& event = batch.events[i];
    if (selection_ && leaves_out(event, sinks)) continue;
    if (!is_in_range_) continue;
    if (is_compat && event.kind == EventKind::Call) {
      const Event seen = as_probed_in_glibc(event);
      for (EventSink* const sink : sinks) sink->on_event(seen, *batch.sites[i]);
    } else {
      for (EventSink* const sink : sinks) deliver(event, batch.sites[i], *sink);
    }
  }
}

bool CaptureReplay::leaves_out(const Event& event, Sinks sinks) {
  if (!has_line(event.kind) || selection_->takes(event, is_in_range_)) return false;
  if (is_in_range_ && event.kind == EventKind::Call) {
    for (EventSink* const sink : sinks) sink->on_left_out(1);
  }
  return true;
}

}  // namespace pymemflow::report
