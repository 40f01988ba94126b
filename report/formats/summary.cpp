#include "report/formats/summary.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace pymemflow::report {
namespace {

constexpr std::size_t kPlaces = 10;

// The size by its number, and in a unit where that says more.
void append_bytes(String& text, std::uint64_t bytes) {
  fmt::format_to(std::back_inserter(text), "{} bytes", bytes);
  if (bytes < 1024) return;
  text += " (";
  text += shown_size(bytes);
  text += ')';
}

void append_totals(String& text, const Usage& usage) {
  const Holding& total = usage.total;
  auto end = std::back_inserter(text);
  text += "alive at the end:  ";
  append_bytes(text, total.bytes);
  fmt::format_to(end, " in {} blocks\n", total.blocks);
  text += "high-water mark:   ";
  append_bytes(text, usage.peak.bytes);
  fmt::format_to(end, " in {} blocks\n", usage.peak.blocks);
  if (usage.peak.event != 0) {
    const double seconds = static_cast<double>(usage.peak_after_ns) / 1e9;
    fmt::format_to(end,
                   "                   at event {} of {}, {:.3f} s after the start or later, {}\n",
                   usage.peak.event, usage.events, seconds, std::string_view(usage.peak_place));
  }
  text += "allocated in all:  ";
  append_bytes(text, total.allocated_bytes);
  fmt::format_to(end, " in {} blocks, {} of them temporary\n", total.allocations, total.temporary);
  if (usage.unknown_releases == 0) return;
  fmt::format_to(end, "taken back:        {} blocks from before this record\n",
                 usage.unknown_releases);
}

bool is_alive(const PlaceUse& use) {
  return use.holding.blocks != 0;
}

void append_places(String& text, const Usage& usage, const Names& names) {
  auto end = std::back_inserter(text);
  const auto alive =
      static_cast<std::size_t>(std::count_if(usage.places.begin(), usage.places.end(), is_alive));
  if (alive == 0) return;
  fmt::format_to(end, "\n{:>14} {:>9} {:>11}  alive at the end, by place\n", "bytes", "blocks",
                 "since event");
  std::size_t shown = 0;
  for (const PlaceUse& use : usage.places) {
    if (!is_alive(use)) continue;
    if (shown++ == kPlaces) break;
    fmt::format_to(end, "{:>14} {:>9} {:>11}  {}\n", use.holding.bytes, use.holding.blocks,
                   use.holding.oldest,
                   std::string_view(shown_place(use.place, names.full_file_path)));
  }
  if (alive > kPlaces) fmt::format_to(end, "{:>14} more places\n", alive - kPlaces);
}

// At most so many marks: the first and the last ones.
constexpr std::size_t kMarks = 20;

void append_mark(String& text, const MarkUse& mark) {
  auto end = std::back_inserter(text);
  const Names names;
  fmt::format_to(end, "{:>14} {:>9} {:>11.3f}  ", mark.alive.bytes, mark.alive.blocks,
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

void append_marks(String& text, const Usage& usage) {
  const std::size_t count = usage.marks.size();
  if (count == 0) return;
  auto end = std::back_inserter(text);
  fmt::format_to(end, "\n{:>14} {:>9} {:>11}  {:>12}  alive at the marks\n", "bytes", "blocks",
                 "seconds", "growth");
  for (std::size_t i = 0; i < count; ++i) {
    if (count > kMarks && i == kMarks / 2) {
      fmt::format_to(end, "{:>14} more marks\n", count - kMarks);
      i = count - kMarks / 2;
    }
    append_mark(text, usage.marks[i]);
  }
}

}  // namespace

void Summary::on_event(const Event& event, const Site& site) {
  builder_.on_event(event, &site);
}

void Summary::on_named_mark(const Event& mark) {
  builder_.on_event(mark, nullptr);
}

void Summary::on_finish() {
  String text;
  auto end = std::back_inserter(text);
  fmt::format_to(end, "process:           {}\n", reader_.process());
  const Usage usage = builder_.finish();
  if (const std::string_view problem = usage_problem(reader_); !problem.empty()) {
    fmt::format_to(end, "alive at the end:  the record {}\n", problem);
  } else {
    append_totals(text, usage);
    append_places(text, usage, names_);
    append_marks(text, usage);
  }
  output_.write(text);
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
