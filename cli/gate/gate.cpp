#include "cli/gate/gate.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "cli/console/site_names.h"

namespace pymemflow::cli {
namespace {

void accept_baseline(std::vector<Leak>& leaks, const Limits& limits) {
  if (!limits.baseline) return;
  // All lines of a function share the entry of the baseline.
  std::map<std::string, std::uint64_t> left;
  for (const auto& [key, entry] : limits.baseline->sites) {
    left[key] = with_tolerance(entry.bytes, limits.tolerance);
  }
  for (Leak& leak : leaks) {
    auto known = left.find(key_of(leak.site));
    if (known == left.end()) known = left.find(old_key_of(leak.site));
    if (known == left.end()) continue;
    leak.accepted = std::min(known->second, leak.bytes);
    known->second -= leak.accepted;
  }
}

void add_leaks(ProcessVerdict& verdict, const Limits& limits, Selection& selection) {
  const report::Profile& profile = verdict.use.profile;
  for (const report::SiteStats& use : profile.sites) {
    for (std::size_t why = 0; why < report::kExemptions; ++why) {
      verdict.exempt[why].add(use.exempt[why]);
    }
  }
  for (const report::SiteStats& use : selected_sites(profile, selection, verdict.suppressed)) {
    const report::Amount leaked = use.leaked();
    if (leaked.blocks == 0) continue;
    verdict.leaks.push_back({.site = use.site,
                             .bytes = leaked.bytes,
                             .blocks = leaked.blocks,
                             .oldest = use.totals.oldest_event,
                             .node = use.most_leaked.node,
                             .bytes_of_node = use.most_leaked.amount.bytes,
                             .stacks = use.stacks,
                             .shown_stacks = use.leaked_stacks});
  }
  accept_baseline(verdict.leaks, limits);
  // By what is judged: the profile's order counts what is exempt, too.
  std::stable_sort(verdict.leaks.begin(), verdict.leaks.end(), [](const Leak& a, const Leak& b) {
    return std::tuple(a.excess(), a.bytes, a.blocks) > std::tuple(b.excess(), b.bytes, b.blocks);
  });
}
// With a baseline, the bytes beyond it count. Without one, a block of no bytes is a leak as well.
bool counts(const Leak& leak, const Limits& limits) {
  return !limits.baseline || leak.excess() > 0;
}

bool is_blocking(const std::vector<UnseenPart>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const UnseenPart& part) { return part.blocks(); });
}

// Of several processes, those without any mark need not have rounds.
void excuse_unmarked(Verdict& verdict) {
  const bool is_any_judged =
      std::any_of(verdict.processes.begin(), verdict.processes.end(),
                  [](const ProcessVerdict& process) { return process.growth.is_judged(); });
  if (!is_any_judged) return;
  for (ProcessVerdict& process : verdict.processes) {
    if (!process.use.profile.snapshots.empty()) continue;
    for (Finding& finding : process.findings) {
      if (finding.limit->evidence == Evidence::Growth) finding.obstacle.clear();
    }
  }
}

}  // namespace

report::Amount ProcessVerdict::allocations() const {
  report::Amount all = use.profile.total.allocated;
  all.subtract(use.profile.allocated_objects);
  return all;
}

Outcome ProcessVerdict::outcome() const {
  if (!use.gap().empty()) return Outcome::Unknown;
  const bool is_over = std::any_of(findings.begin(), findings.end(),
                                   [](const Finding& finding) { return finding.is_over(); });
  if (is_over) return Outcome::Failed;
  const bool is_judged = std::all_of(findings.begin(), findings.end(),
                                     [](const Finding& finding) { return finding.is_judged(); });
  return is_blocked || !is_judged ? Outcome::Unknown : Outcome::Passed;
}

Outcome Verdict::outcome() const {
  const bool is_blocked = !unused_only.empty() || (!are_unseen_allowed && is_blocking(unseen));
  Outcome outcome = is_blocked ? Outcome::Unknown : Outcome::Passed;
  for (const ProcessVerdict& process : processes) {
    const Outcome each = process.outcome();
    if (each == Outcome::Failed) return each;
    if (each == Outcome::Unknown) outcome = each;
  }
  return outcome;
}

bool Verdict::has_blocking_part() const {
  return is_blocking(unseen) ||
         std::any_of(processes.begin(), processes.end(),
                     [](const ProcessVerdict& process) { return is_blocking(process.use.unseen); });
}

bool may_leak_too_much(const report::Profile& profile, const Limits& limits) {
  std::uint64_t leaked = 0;
  for (const report::SiteStats& site : profile.sites) leaked += site.leaked().bytes;
  if (limits.baseline) return leaked > 0;
  for (std::size_t row = 0; row < kLimitCount; ++row) {
    if (kLimits[row].evidence == Evidence::Leaks && leaked > limits.allowed[row].value_or(leaked)) {
      return true;
    }
  }
  return false;
}

Verdict judge(std::vector<CaptureUse> uses, const Limits& limits, Selection& selection,
              UnseenParts unseen) {
  Verdict verdict;
  verdict.unseen = joined(std::move(unseen.parts));
  verdict.are_unseen_allowed = unseen.are_allowed;
  for (CaptureUse& use : uses) {
    ProcessVerdict process;
    process.use = std::move(use);
    process.is_blocked = !unseen.are_allowed && is_blocking(process.use.unseen);
    selection.look_at(process.use.profile);
    add_leaks(process, limits, selection);
    for (const Leak& leak : process.leaks) {
      if (counts(leak, limits)) process.leaked.add({leak.excess(), leak.blocks});
    }
    if (limits.option_with(Evidence::Growth) != nullptr) {
      process.growth = growth_of(process.use.profile, selection, limits.warm_up);
    }
    for (std::size_t row = 0; row < kLimitCount; ++row) {
      if (std::optional<Finding> finding = find(row, process, limits)) {
        process.findings.push_back(std::move(*finding));
      }
    }
    verdict.processes.push_back(std::move(process));
  }
  excuse_unmarked(verdict);
  verdict.unused_suppressions = selection.unused();
  verdict.unused_only = selection.unused_only();
  return verdict;
}

Baseline baseline_of(const Verdict& verdict) {
  Baseline all;
  for (const ProcessVerdict& process : verdict.processes) {
    Baseline own;
    for (const Leak& leak : process.leaks) {
      Baseline::Entry& entry = own.sites[key_of(leak.site)];
      entry.blocks += leak.blocks;
      entry.bytes += leak.bytes;
    }
    for (const auto& [key, entry] : own.sites) all.accept(key, entry);
  }
  return all;
}

}  // namespace pymemflow::cli
