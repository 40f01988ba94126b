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
  std::string text;           // "made 12 allocations"
  std::string obstacle = {};  // why it cannot be judged
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
  const report::WholePeak& peak = process.use.profile.whole_peak;
  std::string text = "held up to ";
  if (peak.arenas + peak.mapped != 0) text += counted(peak.bytes, "byte") + ": ";
  text += counted(peak.blocks);
  if (peak.arenas != 0) text += ", " + counted(peak.arenas, "byte") + " of Python's arenas";
  if (peak.mapped != 0) text += ", " + counted(peak.mapped, "byte") + " mapped by libraries";
  return {peak.bytes,
          text + ", at event " + std::to_string(peak.event) + " in " + std::string(peak.site)};
}

// The readings of the record are no more than a part of the peak.
Measured measure_resident(const ProcessVerdict& process) {
  const report::Profile& profile = process.use.profile;
  const std::uint64_t peak = profile.account.peak;
  if (peak != 0) return {peak, "had up to " + counted(peak, "byte") + " resident"};
  const std::uint64_t most = profile.resident.most;
  return {most, "had at least " + counted(most, "byte") +
                    " resident at one moment (its peak was not read at its end)"};
}

Measured measure_mapped(const ProcessVerdict& process) {
  const report::MappingProfile& mappings = process.use.profile.mappings;
  const std::uint64_t peak =
      mappings.totals[static_cast<std::size_t>(report::MappedFor::Memory)].peak;
  return {peak, "mapped up to " + counted(peak, "byte") + " without malloc(), at most " +
                    counted(mappings.arenas.peak, "byte") + " of it for Python's arenas"};
}

// "in 4 steady rounds of 'request' after 1 round of warm-up".
std::string rounds_of(const Growth& growth) {
  std::string text =
      "in " + counted(growth.steady(), "steady round") + " of '" + printable(growth.name) + "'";
  if (growth.warm_up != 0) text += " after " + counted(growth.warm_up, "round") + " of warm-up";
  return text;
}

Measured measure_growth(const ProcessVerdict& process) {
  const Growth& growth = process.growth;
  if (!growth.is_judged()) {
    std::string found = "set no two marks of one name";
    if (growth.rounds != 0) {
      found = "marked " + counted(growth.rounds, "round") + " of '" + printable(growth.name) + "'";
    }
    if (growth.warm_up != 0) found += ", " + std::to_string(growth.warm_up) + " of them warm-up";
    return {0, found, "growth is judged from two steady rounds on, between three marks"};
  }
  const std::uint64_t value = growth.bytes_per_round();
  if (value == 0) return {0, "does not grow " + rounds_of(growth)};
  return {value, "grows by " + counted(value, "byte") + " per round, " + rounds_of(growth)};
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
                 measure.text + "; " + limit.option + " allows " + amount, measure.obstacle};
}

}  // namespace pymemflow::cli
