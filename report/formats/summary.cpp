#include "report/formats/summary.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "report/account/account_output.h"
#include "report/formats/replay.h"
#include "report/rows/rows.h"
#include "report/stacks/frame_text.h"

namespace pymemflow::report {
namespace {

constexpr std::size_t kSites = 10;

// The size by its number, and in a unit where that says more.
void append_bytes(String& text, std::uint64_t bytes) {
  fmt::format_to(std::back_inserter(text), "{} bytes", bytes);
  if (bytes < 1024) return;
  text += " (";
  text += shown_size(bytes);
  text += ')';
}

// Nothing of it is a block, but blocks may lie in it: an allocator cuts them out of its mappings.
void append_mapped_totals(String& text, const MappingProfile& mappings) {
  const auto append_line = [&](std::string_view label, const MappingTotals& totals) {
    if (totals.peak == 0) return;
    fmt::format_to(std::back_inserter(text), "{:<19}", label);
    append_bytes(text, totals.live);
    text += ", at most ";
    append_bytes(text, totals.peak);
    text += '\n';
  };
  append_line("mapped memory:", mappings.totals[static_cast<std::size_t>(MappedFor::Memory)]);
  append_line("  Python's arenas:", mappings.arenas);
  append_line("mapped stacks:", mappings.totals[static_cast<std::size_t>(MappedFor::Stacks)]);
  append_line("mapped files:", mappings.totals[static_cast<std::size_t>(MappedFor::Files)]);
  append_line("reserved:", mappings.totals[static_cast<std::size_t>(MappedFor::Reserved)]);
}

void append_amount(String& text, std::string_view label, const Amount& amount) {
  fmt::format_to(std::back_inserter(text), "{:<19}", label);
  append_bytes(text, amount.bytes);
  fmt::format_to(std::back_inserter(text), " in {} blocks", amount.blocks);
}

void append_live(String& text, const Profile& profile, const View& view) {
  auto end = std::back_inserter(text);
  if (profile.range.is_given) {
    const std::uint64_t last = view.to.is_end() ? profile.events : view.to.event;
    fmt::format_to(end, "range:             from {} to {}, events {} to {}\n",
                   std::string_view(view.from.words), std::string_view(view.to.words),
                   profile.range.event + 1, last);
    append_amount(text, "alive before:", profile.range.before);
    append_amount(text += '\n', "  freed of it:", profile.range.freed);
    append_amount(text += '\n', "alive after:", profile.range.after);
    append_amount(text += '\n', "  new in it:", profile.total.live);
    text += '\n';
    return;
  }
  if (view.to.words != "the end") {
    fmt::format_to(end, "moment:            {}, after event {}\n", std::string_view(view.to.words),
                   profile.events);
  }
  append_amount(text, view.to.is_end() ? "alive at the end:" : "alive then:", profile.total.live);
  text += '\n';
}

void append_totals(String& text, const Profile& profile, const View& view) {
  const Totals& total = profile.total;
  auto end = std::back_inserter(text);
  fmt::format_to(end, "process:           {}\n", profile.process.id);
  append_live(text, profile, view);
  append_amount(text, "high-water mark:", profile.peak.live);
  text += '\n';
  if (profile.peak.event != 0) {
    const double seconds = static_cast<double>(profile.peak_after_ns) / 1e9;
    fmt::format_to(end,
                   "                   at event {} of {}, at least {:.3f} s after the start, {}\n",
                   profile.peak.event, profile.events, seconds,
                   profile.peak_site.empty() ? std::string_view("when the range began")
                                             : std::string_view(profile.peak_site));
  }
  append_amount(text,
                profile.range.is_given ? "allocated in it:" : "allocated in all:", total.allocated);
  fmt::format_to(end, ", {} of them temporary\n", total.temporary);
  if (profile.unknown_releases != 0) {
    fmt::format_to(end, "freed, unknown:    {} blocks that were allocated before the recording\n",
                   profile.unknown_releases);
  }
  append_mapped_totals(text, profile.mappings);
}

// Appends the callers of a stack, which is the largest one of a row.
void append_callers(String& text, const CallTree& tree, CallNode node,
                    const Summary::Options& options) {
  auto end = std::back_inserter(text);
  const Callers callers = callers_of(tree, node, options.callers);
  const auto append = [&](std::string_view start, std::string_view text_of_line) {
    fmt::format_to(end, "{:>36}    {}{}\n", "", start, text_of_line);
  };
  for (const String& line : native_lines(callers, options.callers, options.names)) append("", line);
  for (const SiteName* const frame : callers.frames) {
    append("by ", frame_text(*frame, options.names));
  }
  const String note = note_on(callers);
  if (!note.empty()) fmt::format_to(end, "{:>36}    {}\n", "", std::string_view(note));
}

// Appends the stack of a row that has most, as far as the row's name does not say it.
void append_stack(String& text, const Profile& profile, const SiteStats& stats,
                  const Summary::Options& options) {
  const CallTree& tree = profile.tree;
  const CallNode node = stats.most_shown.node;
  auto end = std::back_inserter(text);
  const bool is_group = !stats.site.group.empty();
  const bool has_stacks = profile.process.has_stacks;
  if (is_group) {
    fmt::format_to(end, "{:>36}    at {}\n", "",
                   std::string_view(frame_text(tree.frame(tree.line_of(node)), options.names)));
  }
  if (has_stacks) append_callers(text, tree, node, options);
  if (stats.shown_stacks <= 1 || (!has_stacks && !is_group)) return;
  fmt::format_to(end, "{:>36}    this {}: ", "", has_stacks ? "stack" : "line");
  if (options.metric == Metric::Temporary) {
    fmt::format_to(end, "{} blocks", stats.most_shown.amount.blocks);
  } else {
    fmt::format_to(end, "{} bytes", stats.most_shown.amount.bytes);
  }
  fmt::format_to(end, "; {} more", stats.shown_stacks - 1);
  text += !has_stacks ? "\n" : is_group ? " (--by stack)\n" : " with other callers (--by stack)\n";
}

// The third column of a row: of live memory its oldest event, in a range what was freed.
enum class Third : std::uint8_t { None, SinceEvent, Freed };

Third third_column(const Summary::Options& options) {
  if (options.metric != Metric::Live && options.metric != Metric::Leaked) return Third::None;
  return options.view.has_range ? Third::Freed : Third::SinceEvent;
}

void append_row(String& text, const SiteStats& stats, Third third,
                const Summary::Options& options) {
  const Amount amount = amount_of(stats, options.metric);
  auto end = std::back_inserter(text);
  if (options.metric == Metric::Temporary) {
    fmt::format_to(end, "{:>14} {:>9}", "", amount.blocks);
  } else {
    fmt::format_to(end, "{:>14} {:>9}", amount.bytes, amount.blocks);
  }
  if (third == Third::None) {
    fmt::format_to(end, " {:>11}", "");
  } else {
    fmt::format_to(end, " {:>11}",
                   third == Third::Freed ? stats.freed.bytes : stats.totals.oldest_event);
  }
  fmt::format_to(end, "  {}\n",
                 std::string_view(shown_site(stats.site, options.names.full_file_path)));
}

// The totals are of the process, the rows of what is selected.
void append_selected(String& text, const Profile& profile, const Summary::Options& options) {
  Amount sum;
  for (const StackStats& stats : profile.stacks) sum.add(amount_of(stats, options.metric));
  const String counted = words_of(options.metric, options.view);
  if (options.metric == Metric::Temporary) {
    fmt::format_to(std::back_inserter(text), "selected:          {} blocks", sum.blocks);
  } else {
    append_amount(text, "selected:", sum);
  }
  fmt::format_to(std::back_inserter(text), ", {}\n", std::string_view(counted));
}

void append_sites(String& text, const Profile& profile, const Summary::Options& options) {
  constexpr const char* kThird[] = {"", "since event", "freed bytes"};
  auto end = std::back_inserter(text);
  const Third third = third_column(options);
  const auto is_shown = [&](const SiteStats& stats) {
    return amount_of(stats, options.metric).blocks != 0 ||
           (third == Third::Freed && stats.freed.blocks != 0);
  };
  const Vector<SiteStats> rows =
      rows_by(profile, options.by, options.callers.depth, options.metric);
  const auto count = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), is_shown));
  if (count == 0) return;
  const bool is_mapped = options.metric == Metric::Mapped;
  fmt::format_to(end, "\n{:>14} {:>9} {:>11}  {}, by {}\n",
                 options.metric == Metric::Temporary ? "" : "bytes",
                 is_mapped ? "ranges" : "blocks", kThird[static_cast<std::size_t>(third)],
                 std::string_view(words_of(options.metric, options.view)), name_of(options.by));
  std::size_t shown = 0;
  const std::size_t most = options.limit == 0 ? kSites : options.limit;
  for (const SiteStats& stats : rows) {
    if (!is_shown(stats)) continue;
    if (shown++ == most) break;
    append_row(text, stats, third, options);
    append_stack(text, profile, stats, options);
  }
  if (count > most) {
    fmt::format_to(end, "{:>14} more {}\n", count - most, plural_of(options.by));
  }
}

void append_mappings(String& text, const Profile& profile, const Summary::Options& options) {
  auto end = std::back_inserter(text);
  std::size_t mapped = 0;
  for (const MappingStats& stats : profile.mappings.rows) {
    if (stats.totals.live == 0 || mapped++ >= kSites) continue;
    if (mapped == 1) {
      fmt::format_to(end, "\n{:>14} {:>14} {:>6}  mapped at {}, by library and site\n", "bytes",
                     "peak", "calls", std::string_view(options.view.to.words));
    }
    fmt::format_to(end, "{:>14} {:>14} {:>6}  {}", stats.totals.live, stats.totals.peak,
                   stats.totals.calls, std::string_view(shown_function({}, stats.library)));
    if (stats.use != MappedFor::Memory) fmt::format_to(end, " ({})", name_of(stats.use));
    fmt::format_to(end, " -> {}\n",
                   std::string_view(shown_site(stats.site, options.names.full_file_path)));
    if (profile.process.has_stacks) append_callers(text, profile.tree, stats.node, options);
  }
  if (mapped > kSites) fmt::format_to(end, "{:>14} more mappings\n", mapped - kSites);
}

// The limit of printed marks: the first and the last ones are printed.
constexpr std::size_t kMarks = 20;

void append_snapshot(String& text, const Snapshot& mark) {
  auto end = std::back_inserter(text);
  const Names names;
  fmt::format_to(end, "{:>14} {:>9} {:>11.3f}  ", mark.live.bytes, mark.live.blocks,
                 static_cast<double>(mark.after_ns) / 1e9);
  const bool is_compared = !mark.growth.since.empty();
  if (is_compared) {
    fmt::format_to(end, "{:>+12}  ", mark.growth.counted.bytes);
  } else {
    fmt::format_to(end, "{:>12}  ", "");
  }
  text += shown_function(names, mark.name);
  if (is_compared && mark.growth.since != mark.name) {
    text += ", since ";
    text += shown_function(names, mark.growth.since);
  }
  text += '\n';
}

void append_marks(String& text, const Profile& profile) {
  const std::size_t count = profile.snapshots.size();
  if (count == 0) return;
  auto end = std::back_inserter(text);
  fmt::format_to(end, "\n{:>14} {:>9} {:>11}  {:>12}  alive at the marks\n", "bytes", "blocks",
                 "seconds", "growth");
  for (std::size_t i = 0; i < count; ++i) {
    if (count > kMarks && i == kMarks / 2) {
      fmt::format_to(end, "{:>14} more marks\n", count - kMarks);
      i = count - kMarks / 2;
    }
    append_snapshot(text, profile.snapshots[i]);
  }
}

}  // namespace

void Summary::write(const Profile& profile) {
  String text = account_text(profile.account, profile.tree, options_.names);
  append_totals(text, profile, options_.view);
  if (options_.is_selected) append_selected(text, profile, options_);
  append_sites(text, profile, options_);
  append_mappings(text, profile, options_);
  append_marks(text, profile);
  output_.write(text);
}

void write_summary(Replay& replay, const FormatOptions& options) {
  const Summary::Options asked = {.names = options.names,
                                  .by = options.by,
                                  .callers = {.all = options.full_stacks, .depth = options.depth},
                                  .metric = options.metric,
                                  .view = options.view,
                                  .limit = options.limit,
                                  .is_selected = options.is_selected};
  Summary(replay.output(), asked).write(replay.profile());
}

String shown_size(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  String text;
  fmt::format_to(std::back_inserter(text), "{:.{}f} {}", value, unit == 0 ? 0 : 1, kUnits[unit]);
  return text;
}

}  // namespace pymemflow::report
