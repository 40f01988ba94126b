#include "report/view/view.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "report/view/moment_finder.h"
#include "report/view/passes.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kBatchesBetweenProgress = (1 << 16) / EventBatch::kEvents;

// Shows how much of all passes is done.
class PassProgress {
 public:
  PassProgress(ShowProgress show, std::size_t passes) : show_(show), passes_(passes) {}
  void on_batch(const EventSource& source) {
    if (show_ == nullptr || ++batches_ % kBatchesBetweenProgress != 0) return;
    show_((static_cast<double>(done_) + source.progress()) / static_cast<double>(passes_));
  }
  void end_pass() { ++done_; }

 private:
  ShowProgress show_;
  std::size_t passes_;
  std::size_t done_ = 0;
  std::uint64_t batches_ = 0;
};

Moment find_peak(const CaptureReader& reader, EventSource& source, PassProgress& progress,
                 const View& view) {
  PeakFinder finder;
  Stops stops(view);
  const auto reach = [&](Stops::Kind kind) {
    if (kind == Stops::Kind::From) finder.begin();
  };
  pass_over(reader, source, [&](const EventBatch& batch) {
    progress.on_batch(source);
    return stops.pass(
        batch.size,
        [&](std::size_t begin, std::size_t end) {
          finder.on_events({batch.events + begin, end - begin});
        },
        reach);
  });
  return finder.found();
}

}  // namespace

String find_view(const pymemflow::ReportOptions& asked, const CaptureReader& reader,
                 EventSource& source, ShowProgress progress, View& view) {
  const bool is_at = !asked.at.empty();
  const MomentAsked moments[] = {
      parse_moment("--from", asked.from.empty() ? "start" : asked.from, SectionSide::Begin),
      is_at ? parse_moment("--at", asked.at, SectionSide::End)
            : parse_moment("--to", asked.to, SectionSide::End)};
  MomentFinder finder(moments, reader.head().started_monotonic_ns);
  view.has_range = has_range(asked);
  view.has_peak = asked.metric == Metric::Peak;
  view.passes = 1 + (finder.needs_events() ? 1 : 0) + (view.has_peak ? 1 : 0);
  PassProgress shown(progress, view.passes);
  if (finder.needs_events()) {
    pass_over(reader, source, [&](const EventBatch& batch) {
      shown.on_batch(source);
      finder.on_events(batch);
      return true;
    });
    shown.end_pass();
  }
  String problem;
  view.from = finder.found(0, problem);
  if (problem.empty()) view.to = finder.found(1, problem);
  if (!problem.empty()) return problem;
  if (view.from.position > view.to.position) {
    fmt::format_to(std::back_inserter(problem), "has {} (--from) after {} (--to)",
                   std::string_view(view.from.words), std::string_view(view.to.words));
    return problem;
  }
  if (view.has_peak) {
    view.has_peak = false;  // no stop of the pass that looks for it
    view.peak = find_peak(reader, source, shown, view);
    view.has_peak = true;
    const std::uint64_t started_ns = reader.head().started_monotonic_ns;
    view.peak.after_ns = std::max(view.peak.after_ns, started_ns) - started_ns;
  }
  return {};
}

String words_of(Metric metric, const View& view) {
  const std::string_view to = view.to.words;
  const std::string_view from = view.from.words;
  const bool is_plain = view.to.is_end() && view.to.words == "the end";
  String text;
  const auto end = std::back_inserter(text);
  switch (metric) {
    case Metric::Mapped:
      fmt::format_to(end, "mapped at {}", to);
      return text;
    case Metric::Live:
    case Metric::Leaked: {
      const std::string_view word = metric == Metric::Live ? "alive" : "leaked";
      if (view.has_range) {
        fmt::format_to(end, "allocated after {} and {} at {}", from, word, to);
      } else if (metric == Metric::Leaked && is_plain) {
        text = "leaked";
      } else {
        fmt::format_to(end, "{} at {}", word, to);
      }
      return text;
    }
    case Metric::Peak:
      text = "alive at the peak";
      break;
    case Metric::Total:
      text = "allocated";
      break;
    case Metric::Temporary:
      text = "temporary blocks";
      break;
  }
  if (view.has_range) {
    fmt::format_to(end, " from {} to {}", from, to);
  } else if (!is_plain) {
    fmt::format_to(end, " until {}", to);
  }
  return text;
}

String counted_words(Metric metric, const View& view) {
  const String words = words_of(metric, view);
  return metric == Metric::Temporary ? words : "bytes " + words;
}

Stops::Stops(const View& view) {
  if (view.has_range) stops_[count_++] = {view.from.position, Kind::From};
  if (view.has_peak) stops_[count_++] = {view.peak.position, Kind::Peak};
  if (!view.to.is_end()) stops_[count_++] = {view.to.position, Kind::To};
}

}  // namespace pymemflow::report
