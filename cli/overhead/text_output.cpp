#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "cli/captures/captures.h"
#include "cli/console/counts.h"
#include "cli/console/text.h"
#include "cli/overhead/outputs.h"
#include "report/base/names.h"

namespace pymemflow::cli::overhead {
namespace {

constexpr char kNoise[] = "the difference is within the noise";
constexpr std::size_t kColumns = 8;
// The rounds from which on the spread is an interval of confidence worth the name.
constexpr std::uint64_t kFewRounds = 5;

using Cells = std::vector<std::string>;

[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...) {
  char text[64];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return text;
}

double median(const std::vector<double>& values) {
  return estimate(values).median;
}

// Bytes with a unit: "12.3 MB".
std::string bytes_text(double bytes) {
  if (bytes < 1e3) return formatted("%.0f B", bytes);
  if (bytes < 1e6) return formatted("%.1f kB", bytes / 1e3);
  return bytes < 1e9 ? formatted("%.1f MB", bytes / 1e6) : formatted("%.2f GB", bytes / 1e9);
}

std::string ratio_text(const Ratio& ratio) {
  const Estimate& value = ratio.estimate;
  return formatted("x%.2f (%.2f to %.2f)", value.median, value.low, value.high);
}

// Names the ratios of a row that are within the noise.
std::string remark_on(const Measured& measured) {
  const bool processor = measured.processor.is_within_noise;
  const bool time = measured.time.is_within_noise;
  if (measured.row->mode->kind == ModeKind::Bare) return {};
  if (processor && time) return kNoise;
  if (processor) return std::string(kNoise) + " in processor time";
  return time ? std::string(kNoise) + " in time" : std::string();
}

Cells cells_of(const Measured& measured, bool is_first) {
  const Row& row = *measured.row;
  const bool has_record = row.mode->kind != ModeKind::Bare && median(row.record_bytes) > 0;
  return {row.version.empty() ? row.name : row.name + " " + row.version,
          formatted("%.3f s", median(row.processor_seconds)),
          is_first ? std::string() : ratio_text(measured.processor),
          formatted("%.3f s", median(row.seconds)),
          is_first ? std::string() : ratio_text(measured.time),
          measured.ns_per_event > 0 ? formatted("%.1f ns", measured.ns_per_event) : std::string(),
          bytes_text(median(row.peak_bytes)),
          has_record ? bytes_text(median(row.record_bytes)) : std::string(),
          remark_on(measured)};
}

void append_table(const std::vector<Cells>& rows, std::string& text) {
  std::size_t widths[kColumns] = {};
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Cells& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      line += (i == 0 ? "" : "  ") + (i == 0 ? row[i] + blanks : blanks + row[i]);
    }
    if (!row[kColumns].empty()) line += "  " + row[kColumns];
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}

std::string quoted(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += word + std::string(1, '\0');
  return printable(shell_words(joined));
}

std::string heading(const Plan& plan, const Comparison& comparison) {
  std::string text = quoted(plan.program) + ": " + counted(plan.rounds, "round");
  if (!comparison.has_events) return text + ", no Python ran: nothing was recorded\n";
  return text + ", " + counted(comparison.events, "event") + " in " +
         counted(comparison.processes, "process") + "\n";
}

}  // namespace

std::string table_of(const Plan& plan, const Comparison& comparison,
                     std::span<const Measured> measured) {
  std::vector<Cells> rows = {{"", "processor time", "ratio (spread)", "time", "ratio (spread)",
                              "per event", "peak memory", "record", ""}};
  for (const Measured& each : measured) {
    rows.push_back(cells_of(each, each.row == measured.front().row));
  }
  std::string text = heading(plan, comparison) + "\n";
  append_table(rows, text);
  text += "\n";
  for (const Row& row : comparison.rows) {
    if (!row.failure.empty()) text += row.name + " is left out: " + printable(row.failure) + "\n";
  }
  text += formatted("noise: x%.2f of processor time, x%.2f of time\n", comparison.processor_noise,
                    comparison.time_noise);
  if (plan.rounds < kFewRounds) {
    text += "fewer than 5 rounds: the spreads are too narrow; see --rounds\n";
  }
  if (comparison.status != 0) {
    text += "the program ended with exit code " + std::to_string(comparison.status) + "\n";
  }
  return text;
}

}  // namespace pymemflow::cli::overhead
