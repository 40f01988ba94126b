// The format table: all rows of a profile with all that is known of each, in columns for people and
// for programs that split lines at blanks.

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "report/formats/replay.h"
#include "report/rows/rows.h"
#include "report/stacks/frame_text.h"

namespace pymemflow::report {
namespace {

struct Column {
  std::string_view title;
  std::uint64_t (*value)(const SiteStats&);
};

// THE table of the columns, in their order. The columns of the metric that is asked for come first.
constexpr Column kColumns[] = {
    {"live bytes", [](const SiteStats& row) { return row.totals.live.bytes; }},
    {"blocks", [](const SiteStats& row) { return row.totals.live.blocks; }},
    {"leaked bytes", [](const SiteStats& row) { return row.leaked().bytes; }},
    {"blocks", [](const SiteStats& row) { return row.leaked().blocks; }},
    {"total bytes", [](const SiteStats& row) { return row.totals.allocated.bytes; }},
    {"blocks", [](const SiteStats& row) { return row.totals.allocated.blocks; }},
    {"temporary", [](const SiteStats& row) { return row.totals.temporary; }},
};
constexpr Column kPeakColumns[] = {
    {"peak bytes", [](const SiteStats& row) { return row.at_peak.bytes; }},
    {"blocks", [](const SiteStats& row) { return row.at_peak.blocks; }},
};
constexpr Column kMappedColumns[] = {
    {"mapped bytes", [](const SiteStats& row) { return row.mapped.bytes; }},
    {"ranges", [](const SiteStats& row) { return row.mapped.blocks; }},
};
constexpr Column kFreedColumns[] = {
    {"freed bytes", [](const SiteStats& row) { return row.freed.bytes; }},
    {"blocks", [](const SiteStats& row) { return row.freed.blocks; }},
};

class Table {
 public:
  Table(const Profile& profile, const FormatOptions& options) : options_(options) {
    if (options.metric == Metric::Peak) add(kPeakColumns);
    if (options.metric == Metric::Mapped) add(kMappedColumns);
    add(kColumns);
    if (profile.range.is_given) add(kFreedColumns);
    rows_ = rows_by(profile, options.by, options.depth, options.metric);
    if (options.limit != 0 && options.limit < rows_.size()) rows_.resize(options.limit);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      widths_.push_back(columns_[i]->title.size());
      for (const SiteStats& row : rows_) {
        widths_[i] = std::max(widths_[i], fmt::formatted_size("{}", columns_[i]->value(row)));
      }
    }
  }

  void write(Output& output) const {
    String text;
    for (std::size_t i = 0; i < columns_.size(); ++i) append(text, i, columns_[i]->title);
    text += "  ";
    text += name_of(options_.by);
    text += '\n';
    for (const SiteStats& row : rows_) {
      for (std::size_t i = 0; i < columns_.size(); ++i) append(text, i, columns_[i]->value(row));
      text += "  ";
      text += shown_site(row.site, options_.names.full_file_path);
      text += '\n';
      output.write(text);
      text.clear();
      if (output.error() != 0) return;
    }
    output.write(text);
  }

 private:
  template <std::size_t kCount>
  void add(const Column (&columns)[kCount]) {
    for (const Column& column : columns) columns_.push_back(&column);
  }

  template <typename Value>
  void append(String& text, std::size_t column, const Value& value) const {
    fmt::format_to(std::back_inserter(text), "{}{:>{}}", column == 0 ? "" : "  ", value,
                   widths_[column]);
  }

  const FormatOptions& options_;
  Vector<const Column*> columns_;
  Vector<std::size_t> widths_;
  Vector<SiteStats> rows_;
};

}  // namespace

void write_table(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  Table(profile, options).write(replay.output());
}

}  // namespace pymemflow::report
