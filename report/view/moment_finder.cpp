#include "report/view/moment_finder.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

// As in a profile: far enough ahead for memory to answer.
constexpr std::size_t kFetchedAhead = 16;

// Longer names are cut in messages.
constexpr std::size_t kShownNameBytes = 60;

String shown_name(std::string_view name) {
  const Names names;
  String text = "'";
  text += shown_function(names, name.substr(0, kShownNameBytes));
  if (name.size() > kShownNameBytes) text += "...";
  return text += '\'';
}

// The number of changed letters that make one name of the other; a rough measure is enough.
std::size_t distance(std::string_view a, std::string_view b) {
  Vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

void PeakFinder::begin() {
  ledger_.begin_range();
  peak_position_ = position_;
}

void PeakFinder::on_events(std::span<const Event> events) {
  // In a small ledger the fetches cost more than they save.
  const std::size_t fetched = ledger_.is_large() ? events.size() : 0;
  std::size_t heads = 0;
  std::size_t entries = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (; heads < std::min(i + 2 * kFetchedAhead, fetched); ++heads) {
      ledger_.prefetch_heads(events[heads]);
    }
    for (; entries < std::min(i + kFetchedAhead, fetched); ++entries) {
      ledger_.prefetch_entries(events[entries]);
    }
    const Event& event = events[i];
    if (event.kind != EventKind::Call || !ledger_.on_event(event, 1)) continue;
    peak_position_ = position_ + i + 1;
    peak_after_ns_ = event.after_ns;
  }
  position_ += events.size();
}

Moment PeakFinder::found() const {
  Moment moment;
  moment.words = "the peak";
  moment.position = peak_position_;
  moment.event = ledger_.peak().event;
  moment.after_ns = peak_after_ns_;
  return moment;
}

MomentFinder::MomentFinder(std::span<const MomentAsked> asked, std::uint64_t started_ns)
    : asked_(asked), started_ns_(started_ns), states_(asked.size()) {
  for (std::size_t i = 0; i < asked.size(); ++i) {
    states_[i].marks.resize(asked[i].marks.size());
    has_times_ = has_times_ || asked[i].kind == MomentKind::Time;
    has_peak_ = has_peak_ || asked[i].kind == MomentKind::Peak;
  }
}

bool MomentFinder::needs_events() const {
  return std::any_of(asked_.begin(), asked_.end(), [](const MomentAsked& each) {
    return each.kind != MomentKind::Start && each.kind != MomentKind::End;
  });
}

void MomentFinder::on_events(const EventBatch& batch) {
  if (has_peak_) peak_.on_events({batch.events, batch.size});
  for (std::size_t i = 0; i < batch.size; ++i) {
    const Event& event = batch.events[i];
    if (has_times_) on_event(event);
    ++position_;
    if (event.kind == EventKind::Call) [[likely]] {
      ++calls_;
    } else if (event.kind == EventKind::Mark) {
      on_mark(event);
    }
  }
}

void MomentFinder::on_event(const Event& event) {
  const std::uint64_t after_ns = since_start(event);
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    State& state = states_[i];
    if (asked_[i].kind != MomentKind::Time || state.is_time_found) continue;
    if (after_ns < asked_[i].after_ns) continue;
    state.is_time_found = true;
    state.time = now(latest_ns_);
    state.time.next_reading_ns = after_ns;
  }
  latest_ns_ = std::max(latest_ns_, after_ns);
}

void MomentFinder::on_mark(const Event& mark) {
  const auto known = names_.find(mark.name);
  if (known != names_.end()) {
    ++known->second;
  } else if (names_.size() < kMaxNames) {
    names_.emplace(mark.name, 1);
  }
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    for (std::size_t j = 0; j < asked_[i].marks.size(); ++j) {
      const MarkAsked& wanted = asked_[i].marks[j];
      if (mark.name != std::string_view(wanted.name)) continue;
      Mark& found = states_[i].marks[j];
      ++found.count;
      if (wanted.number != 0 && wanted.number != found.count) continue;
      found.is_found = true;
      found.number = found.count;
      found.moment = now(since_start(mark));
    }
  }
}

std::uint64_t MomentFinder::since_start(const Event& event) const {
  return std::max(event.after_ns, started_ns_) - started_ns_;
}

Moment MomentFinder::now(std::uint64_t after_ns) const {
  Moment moment;
  moment.position = position_;
  moment.event = calls_;
  moment.after_ns = after_ns;
  return moment;
}

Moment MomentFinder::found(std::size_t number, String& problem) const {
  const MomentAsked& asked = asked_[number];
  Moment moment;
  switch (asked.kind) {
    case MomentKind::Mark:
      return found_mark(asked, states_[number], problem);
    case MomentKind::Time:
      return found_time(asked, states_[number]);
    case MomentKind::Start:
      moment.words = "the start";
      moment.position = 0;
      break;
    case MomentKind::Peak:
      moment = peak_.found();
      moment.after_ns = std::max(moment.after_ns, started_ns_) - started_ns_;
      break;
    case MomentKind::End:
      break;
  }
  return moment;
}

Moment MomentFinder::found_time(const MomentAsked& asked, const State& state) const {
  Moment moment = state.time;
  auto end = std::back_inserter(moment.words);
  moment.words = seconds_text(asked.after_ns);
  if (state.is_time_found) {
    fmt::format_to(end, " (between clock readings at {} and {})",
                   std::string_view(seconds_text(moment.after_ns)),
                   std::string_view(seconds_text(moment.next_reading_ns)));
  } else {
    moment.after_ns = latest_ns_;
    fmt::format_to(end, ", which is after the last clock reading, at {}",
                   std::string_view(seconds_text(latest_ns_)));
  }
  return moment;
}

Moment MomentFinder::found_mark(const MomentAsked& asked, const State& state,
                                String& problem) const {
  for (std::size_t i = 0; i < asked.marks.size(); ++i) {
    const Mark& mark = state.marks[i];
    if (!mark.is_found) continue;
    Moment moment = mark.moment;
    moment.words = "mark ";
    moment.words += shown_name(asked.marks[i].name);
    if (mark.count > 1) {
      fmt::format_to(std::back_inserter(moment.words), " ({} of {})", mark.number, mark.count);
    }
    return moment;
  }
  auto end = std::back_inserter(problem);
  for (std::size_t i = 0; i < asked.marks.size(); ++i) {
    const std::uint64_t count = state.marks[i].count;
    if (count == 0) continue;
    fmt::format_to(end, "has {} mark{} {}, and no number {} ({})", count, count == 1 ? "" : "s",
                   std::string_view(shown_name(asked.marks[i].name)), asked.marks[i].number,
                   asked.option);
    return {};
  }
  fmt::format_to(end, "has no mark {} ({})", std::string_view(shown_name(asked.text)),
                 asked.option);
  problem += suggestions(asked.text);
  return {};
}

String MomentFinder::suggestions(std::string_view name) const {
  if (names_.empty()) return ", and no other marks: the program sets them with pymemflow.mark()";
  constexpr std::size_t kShown = 3;
  Vector<std::pair<std::size_t, std::string_view>> nearest;
  for (const auto& [known, count] : names_) {
    const std::string_view shown = known;
    nearest.emplace_back(
        distance(name.substr(0, kShownNameBytes), shown.substr(0, kShownNameBytes)), shown);
  }
  std::sort(nearest.begin(), nearest.end());
  String text = nearest.size() > kShown ? "; the nearest ones are " : "; there are ";
  const std::size_t shown = std::min(kShown, nearest.size());
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) text += i + 1 == shown ? " and " : ", ";
    text += shown_name(nearest[i].second);
  }
  return text;
}

}  // namespace pymemflow::report
