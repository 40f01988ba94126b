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

void append_totals(String& text, const Profile& profile) {
  const Totals& total = profile.total;
  auto end = std::back_inserter(text);
  fmt::format_to(end, "process:           {}\n", profile.process.id);
  text += "alive at the end:  ";
  append_bytes(text, total.live.bytes);
  fmt::format_to(end, " in {} blocks\n", total.live.blocks);
  text += "high-water mark:   ";
  append_bytes(text, profile.peak.live.bytes);
  fmt::format_to(end, " in {} blocks\n", profile.peak.live.blocks);
  if (profile.peak.event != 0) {
    const double seconds = static_cast<double>(profile.peak_after_ns) / 1e9;
    fmt::format_to(
        end, "                   at event {} of {}, at least {:.3f} s after the start, {}\n",
        profile.peak.event, profile.events, seconds, std::string_view(profile.peak_site));
  }
  text += "allocated in all:  ";
  append_bytes(text, total.allocated.bytes);
  fmt::format_to(end, " in {} blocks, {} of them temporary\n", total.allocated.blocks,
                 total.temporary);
  if (profile.unknown_releases != 0) {
    fmt::format_to(end, "freed, unknown:    {} blocks that were allocated before the recording\n",
                   profile.unknown_releases);
  }
  append_mapped_totals(text, profile.mappings);
}

bool is_live(const SiteStats& stats) {
  return stats.totals.live.blocks != 0;
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

void append_callers(String& text, const CallTree& tree, const SiteStats& stats,
                    const Summary::Options& options) {
  append_callers(text, tree, stats.most_live.node, options);
  if (stats.live_stacks <= 1) return;
  fmt::format_to(std::back_inserter(text),
                 "{:>36}    this stack: {} bytes; {} more with other callers (--by stack)\n", "",
                 stats.most_live.amount.bytes, stats.live_stacks - 1);
}

void append_sites(String& text, const Profile& profile, const Summary::Options& options) {
  auto end = std::back_inserter(text);
  const Vector<SiteStats> rows = rows_by(profile, options.by, options.callers.depth);
  const auto alive = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), is_live));
  if (alive == 0) return;
  fmt::format_to(end, "\n{:>14} {:>9} {:>11}  alive at the end, by {}\n", "bytes", "blocks",
                 "since event", name_of(options.by));
  std::size_t shown = 0;
  for (const SiteStats& stats : rows) {
    if (!is_live(stats)) continue;
    if (shown++ == kSites) break;
    fmt::format_to(end, "{:>14} {:>9} {:>11}  {}\n", stats.totals.live.bytes,
                   stats.totals.live.blocks, stats.totals.oldest_event,
                   std::string_view(shown_site(stats.site, options.names.full_file_path)));
    if (profile.process.has_stacks) append_callers(text, profile.tree, stats, options);
  }
  if (alive > kSites) fmt::format_to(end, "{:>14} more {}s\n", alive - kSites, name_of(options.by));
}

void append_mappings(String& text, const Profile& profile, const Summary::Options& options) {
  auto end = std::back_inserter(text);
  std::size_t mapped = 0;
  for (const MappingStats& stats : profile.mappings.rows) {
    if (stats.totals.live == 0 || mapped++ >= kSites) continue;
    if (mapped == 1) {
      fmt::format_to(end, "\n{:>14} {:>14} {:>6}  mapped at the end, by library and site\n",
                     "bytes", "peak", "calls");
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
  append_totals(text, profile);
  append_sites(text, profile, options_);
  append_mappings(text, profile, options_);
  append_marks(text, profile);
  output_.write(text);
}

void write_summary(Replay& replay, const FormatOptions& options) {
  const Summary::Options asked = {
      options.names, options.by, {.all = options.full_stacks, .depth = options.depth}};
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
