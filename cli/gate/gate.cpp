#include "cli/gate/gate.h"

#include <algorithm>
#include <utility>

#include "cli/console/counts.h"
#include "cli/console/site_names.h"

namespace pymemflow::cli {
namespace {

void add_leaks(ProcessVerdict& verdict, const Limits& limits, Selection& selection) {
  for (const report::SiteStats& use : verdict.use.usage.sites) {
    for (std::size_t why = 0; why < report::kExemptions; ++why) {
      verdict.aside[why].add(use.exempt[why]);
    }
    const report::Amount leaked = use.leaked();
    if (leaked.blocks == 0) continue;
    if (!selection.takes(use.site)) {
      verdict.suppressed.add(leaked);
      continue;
    }
    verdict.leaks.push_back({use.site, leaked.blocks, leaked.bytes, use.totals.oldest_event});
  }
  if (!limits.baseline) return;
  // Two lines of a function share what the baseline knows of it.
  std::map<std::string, std::uint64_t> left;
  for (const auto& [key, entry] : limits.baseline->places) {
    left[key] = with_tolerance(entry.bytes, limits.tolerance);
  }
  for (Leak& leak : verdict.leaks) {
    const auto known = left.find(key_of(leak.place));
    if (known == left.end()) continue;
    leak.accepted = std::min(known->second, leak.bytes);
    known->second -= leak.accepted;
  }
  std::stable_sort(verdict.leaks.begin(), verdict.leaks.end(),
                   [](const Leak& a, const Leak& b) { return a.excess() > b.excess(); });
}

void find_growth(ProcessVerdict& verdict, Selection& selection) {
  const report::Profile& usage = verdict.use.usage;
  WorstGrowth& worst = verdict.growth;
  for (std::size_t i = 0; i < usage.snapshots.size(); ++i) {
    const report::Snapshot& mark = usage.snapshots[i];
    if (mark.growth.since.empty()) continue;
    WorstGrowth growth = {true, std::string(mark.growth.since), std::string(mark.name), {}, {}};
    for (const report::SiteGrowth& place : mark.sites) {
      if (!selection.takes(place.site)) continue;
      const report::Change& change = place.change;
      growth.change.add(change);
      if (change.bytes < 0 || change.blocks < 0) continue;
      growth.places.push_back({.place = place.site,
                               .blocks = static_cast<std::uint64_t>(change.blocks),
                               .bytes = static_cast<std::uint64_t>(change.bytes)});
    }
    if (!worst.is_known || growth.change.bytes > worst.change.bytes) worst = std::move(growth);
  }
}

// Nothing is over of what a baseline knows to the byte; a block of no bytes is a leak as well.
bool counts(const Leak& leak, const Limits& limits) {
  return !limits.baseline || leak.excess() > 0;
}

Finding leak_finding(const ProcessVerdict& verdict, std::uint64_t allowed, bool has_baseline) {
  return {"--max-leak", verdict.leaked.bytes, allowed,
          "leaks " + counted(verdict.leaked) + (has_baseline ? " more than the baseline" : "") +
              "; --max-leak allows " + counted(allowed, "byte")};
}

Finding site_finding(const ProcessVerdict& verdict, std::uint64_t allowed) {
  Finding finding = {"--max-leak-per-site", 0, allowed, {}};
  std::string place = "any place";
  if (!verdict.leaks.empty()) {
    const Leak& first = verdict.leaks.front();
    finding.value = first.excess();
    place = shown(first.place);
  }
  finding.sentence = "leaks " + counted(finding.value, "byte") + " at " + place +
                     "; --max-leak-per-site allows " + counted(allowed, "byte");
  return finding;
}

Finding peak_finding(const report::Profile& usage, std::uint64_t allowed) {
  return {"--max-peak", usage.peak.live.bytes, allowed,
          "held up to " + counted(usage.peak.live) + ", at event " +
              std::to_string(usage.peak.event) + " in " + std::string(usage.peak_site) +
              "; --max-peak allows " + counted(allowed, "byte")};
}

Finding allocations_finding(const report::Profile& usage, std::uint64_t allowed) {
  return {"--max-allocations", usage.total.allocated.blocks, allowed,
          "allocated " + std::to_string(usage.total.allocated.blocks) +
              " times; --max-allocations allows " + std::to_string(allowed)};
}

Finding growth_finding(const WorstGrowth& growth, std::uint64_t allowed) {
  const std::string allows = "; --max-growth allows " + counted(allowed, "byte");
  if (!growth.is_known) {
    return {"--max-growth", 0, allowed, "set no two marks to be held against each other" + allows};
  }
  const report::Change& change = growth.change;
  const std::uint64_t value = change.bytes < 0 ? 0 : static_cast<std::uint64_t>(change.bytes);
  return {"--max-growth", value, allowed,
          "grew by " + std::to_string(change.bytes) + " bytes in " + std::to_string(change.blocks) +
              " blocks from mark '" + printable(growth.since) + "' to '" + printable(growth.mark) +
              "'" + allows};
}

void add_findings(ProcessVerdict& verdict, const Limits& limits) {
  const report::Profile& usage = verdict.use.usage;
  const bool has_baseline = limits.baseline.has_value();
  if (limits.max_leak || has_baseline) {
    verdict.findings.push_back(leak_finding(verdict, limits.max_leak.value_or(0), has_baseline));
  }
  if (limits.max_leak_per_site) {
    verdict.findings.push_back(site_finding(verdict, *limits.max_leak_per_site));
  }
  if (limits.max_peak) verdict.findings.push_back(peak_finding(usage, *limits.max_peak));
  if (limits.max_allocations) {
    verdict.findings.push_back(allocations_finding(usage, *limits.max_allocations));
  }
  if (limits.max_growth) {
    verdict.findings.push_back(growth_finding(verdict.growth, *limits.max_growth));
  }
}

}  // namespace

bool ProcessVerdict::is_over() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.is_over(); });
}

bool Verdict::is_over() const {
  return std::any_of(processes.begin(), processes.end(),
                     [](const ProcessVerdict& process) { return process.is_over(); });
}

Verdict judge(std::vector<CaptureUse> uses, const Limits& limits, Selection& selection) {
  Verdict verdict;
  for (CaptureUse& use : uses) {
    ProcessVerdict process;
    process.use = std::move(use);
    add_leaks(process, limits, selection);
    for (const Leak& leak : process.leaks) {
      if (counts(leak, limits)) process.leaked.add({leak.excess(), leak.blocks});
    }
    if (limits.max_growth) find_growth(process, selection);
    add_findings(process, limits);
    verdict.processes.push_back(std::move(process));
  }
  verdict.unused_suppressions = selection.unused();
  return verdict;
}

Baseline baseline_of(const Verdict& verdict) {
  Baseline all;
  for (const ProcessVerdict& process : verdict.processes) {
    Baseline own;
    for (const Leak& leak : process.leaks) {
      Baseline::Entry& entry = own.places[key_of(leak.place)];
      entry.blocks += leak.blocks;
      entry.bytes += leak.bytes;
    }
    for (const auto& [key, entry] : own.places) all.take(key, entry);
  }
  return all;
}

}  // namespace pymemflow::cli
