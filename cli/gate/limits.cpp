#include "cli/gate/limits.h"

#include <algorithm>

#include "cli/console/counts.h"
#include "cli/console/site_names.h"
#include "cli/console/text.h"
#include "cli/gate/gate.h"

namespace pymemflow::cli {
namespace {

struct Measured {
  std::uint64_t value = 0;
  std::string text;  // "made 12 allocations"
};

Measured measured(std::uint64_t value, const char* before, const char* after) {
  return {value, before + std::to_string(value) + after};
}

Measured measure_leaks(const ProcessVerdict& process, const Limits& limits) {
  return {process.leaked.bytes,
          "leaks " + counted(process.leaked) + (limits.baseline ? " more than the baseline" : "")};
}

Measured measure_worst_leak(const ProcessVerdict& process) {
  if (process.leaks.empty()) return {0, "leaks 0 bytes at any site"};
  const Leak& worst = process.leaks.front();
  return {worst.excess(), "leaks " + counted(worst.excess(), "byte") + " at " + shown(worst.site)};
}

Measured measure_peak(const ProcessVerdict& process) {
  const report::Profile& profile = process.use.profile;
  return {profile.peak.live.bytes, "held up to " + counted(profile.peak.live) + ", at event " +
                                       std::to_string(profile.peak.event) + " in " +
                                       std::string(profile.peak_site)};
}

Measured measure_growth(const ProcessVerdict& process) {
  const WorstGrowth& growth = process.growth;
  if (!growth.is_known) return {0, "set fewer than two comparable marks"};
  const report::Change& change = growth.change;
  return {change.bytes < 0 ? 0 : static_cast<std::uint64_t>(change.bytes),
          "grew by " + std::to_string(change.bytes) + " bytes in " + std::to_string(change.blocks) +
              " blocks from mark '" + printable(growth.since) + "' to '" + printable(growth.mark) +
              "'"};
}

using Measure = Measured (*)(const ProcessVerdict& process, const Limits& limits);

// By Limit.
constexpr Measure kMeasures[] = {
#define PMF_LIMIT(field, option, unit, evidence, measure, help) \
  []([[maybe_unused]] const ProcessVerdict& process,            \
     [[maybe_unused]] const Limits& limits) -> Measured { return measure; },
#include "cli/gate/limits.def"
#undef PMF_LIMIT
};

std::optional<std::uint64_t> allowed(std::size_t row, const Limits& limits) {
  const bool is_set_by_baseline =
      limits.baseline && row == static_cast<std::size_t>(Limit::max_leak);
  if (!limits.allowed[row] && is_set_by_baseline) return 0;
  return limits.allowed[row];
}

}  // namespace

bool Limits::is_empty() const {
  return !baseline && std::none_of(allowed.begin(), allowed.end(),
                                   [](const auto& limit) { return limit.has_value(); });
}

const char* Limits::option_with(Evidence evidence) const {
  for (std::size_t row = 0; row < kLimitCount; ++row) {
    if (allowed[row] && kLimits[row].evidence == evidence) return kLimits[row].option;
  }
  return nullptr;
}

std::optional<Finding> find(std::size_t row, const ProcessVerdict& process, const Limits& limits) {
  const std::optional<std::uint64_t> most = allowed(row, limits);
  if (!most) return std::nullopt;
  const LimitRow& limit = kLimits[row];
  const Measured measure = kMeasures[row](process, limits);
  const std::string amount =
      limit.unit == LimitUnit::Bytes ? counted(*most, "byte") : std::to_string(*most);
  return Finding{&limit, measure.value, *most,
                 measure.text + "; " + limit.option + " allows " + amount};
}

}  // namespace pymemflow::cli
