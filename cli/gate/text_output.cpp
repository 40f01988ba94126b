// The verdict of a gate for people.

#include <algorithm>
#include <cstdio>

#include "cli/console/colours.h"
#include "cli/console/counts.h"
#include "cli/console/site_names.h"
#include "cli/console/stacks.h"
#include "cli/console/text.h"
#include "cli/gate/memory_growth.h"
#include "cli/gate/outputs.h"
#include "report/replay/exemptions.h"
#include "report/stacks/callers.h"

namespace pymemflow::cli {
namespace {

constexpr std::size_t kCallerIndent = 40;

std::string column(std::uint64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), ' ');
  return digits;
}

// Only leaks have an oldest block; growth has none.
std::string site_lines(const std::vector<Leak>& leaks, const char* what,
                       const report::Profile& profile, bool full_stacks, std::FILE* terminal) {
  std::string text;
  std::size_t listed = 0;
  std::size_t more = 0;
  for (const Leak& leak : leaks) {
    if (!is_listed(leak)) continue;
    if (listed == kListedSites) {
      ++more;
      continue;
    }
    const bool has_oldest = leak.oldest != 0;
    if (listed++ == 0) {
      text += std::string("\n         bytes    blocks ") +
              (has_oldest ? "since event  " : "             ") + what;
    }
    text += "\n" + column(leak.bytes, 14) + " " + column(leak.blocks, 9) + " " +
            (has_oldest ? column(leak.oldest, 11) : std::string(11, ' ')) + "  " +
            coloured(Colour::Subject, shown(leak.site), terminal);
    if (leak.accepted != 0) {
      text += " (" + std::to_string(leak.accepted) + " bytes of it in the baseline)";
    }
    if (profile.process.has_stacks) {
      const RowStack stack = {profile.tree, leak.node, leak.bytes_of_node, leak.shown_stacks};
      text += callers_text(stack, full_stacks, kCallerIndent);
    }
    text += "\n                           suppress:  " + suppression_for(leak.site);
  }
  if (more != 0) text += "\n" + column(more, 14) + " more sites";
  return text;
}

// "high: 48 to 52 bytes a round".
std::string certainty_of(const GrowingSite& site) {
  if (!site.grows()) return "did not grow in each round";
  const report::SteadyGrowth& sure = site.bytes.grows ? site.bytes : site.blocks;
  char range[96];
  std::snprintf(range, sizeof range, "%.0f to %.0f", sure.slope.low, sure.slope.high);
  return std::string(report::kConfidences[static_cast<std::size_t>(sure.confidence)]) +
         " confidence: " + range + (site.bytes.grows ? " bytes" : " blocks") + " a round";
}

std::string growth_lines(const Growth& growth, const report::Profile& profile, bool full_stacks,
                         std::FILE* terminal) {
  std::string text = "\n         bytes    blocks    rounds  growth in a steady round";
  std::size_t listed = 0;
  for (const GrowingSite& site : growth.sites) {
    if (listed++ == kListedSites) break;
    const std::string rounds =
        std::to_string(site.bytes.grown) + " of " + std::to_string(growth.steady());
    text += "\n" + column(site.bytes_per_round(), 14) + " " + column(site.blocks_per_round(), 9) +
            " " + std::string(rounds.size() < 9 ? 9 - rounds.size() : 0, ' ') + rounds + "  " +
            coloured(Colour::Subject, shown(site.site), terminal);
    if (profile.process.has_stacks) {
      const RowStack stack = {profile.tree, site.node, site.bytes_of_node, site.stacks};
      text += callers_text(stack, full_stacks, kCallerIndent);
    }
    text += "\n                           how sure:  " + certainty_of(site) + ", " +
            std::to_string(site.change.bytes) + " bytes in all";
    text += "\n                           suppress:  " + suppression_for(site.site);
  }
  if (growth.sites.size() > kListedSites) {
    text += "\n" + column(growth.sites.size() - kListedSites, 14) + " more sites";
  }
  return text + "\n  still growing after " + counted(growth.rounds, "round") +
         ": a cache that fills looks the same until it is full; more rounds tell it from a leak";
}

// A growth that was judged is told, though it is within the limit.
std::string passed_growth(const ProcessVerdict& process) {
  for (const Finding& finding : process.findings) {
    if (finding.limit->evidence != Evidence::Growth || !process.growth.is_judged()) continue;
    return ", " + finding.sentence.substr(0, finding.sentence.rfind(';'));
  }
  return {};
}

// The reason follows the command line, which may be a whole program.
std::string shortened(const std::string& command_line) {
  constexpr std::size_t kMost = 120;
  if (command_line.size() <= kMost) return printable(command_line);
  return printable(command_line.substr(0, kMost)) + "...";
}

// The memory that does not count, and why.
std::string exempt_text(const ProcessVerdict& process) {
  std::string text;
  const auto add = [&](const report::Amount& amount, const char* why) {
    if (amount.blocks == 0) return;
    text += (text.empty() ? "" : ", ") + counted(amount) + " " + why;
  };
  for (std::size_t why = 0; why < report::kExemptions; ++why) {
    add(process.exempt[why], report::kExemptionRows[why].sentence);
  }
  add(process.suppressed, "suppressed");
  return text;
}

// That memory may count as leaked which the process would have freed.
std::string doubt_text(const ProcessVerdict& process, const std::string& start) {
  const std::vector<UnseenPart>& unseen = process.use.unseen;
  const bool is_running = std::any_of(unseen.begin(), unseen.end(), [](const UnseenPart& part) {
    return part.kind == UnseenKind::running;
  });
  if (process.use.has_ended || is_running) return {};
  return start +
         (process.use.is_end_unseen
              ? " restricts its system calls (seccomp), so its end was not seen"
              : " was killed or is still running") +
         ": memory that it would have freed counts as leaked\n" +
         (process.use.unchecked == 0
              ? ""
              : start + ": " + counted(process.use.unchecked, "block") +
                    " of its record had no checksum yet: damage there would not be noticed\n");
}

std::string unseen_text(const std::vector<UnseenPart>& parts) {
  std::string text;
  for (const UnseenPart& part : parts) text += "pymemflow: not seen: " + sentence_of(part) + "\n";
  return text;
}

std::string process_text(const ProcessVerdict& process, bool full_stacks, std::FILE* terminal) {
  const std::string start = "pymemflow: process " + process_name(process.use);
  std::string text = start;
  const Outcome outcome = process.outcome();
  const std::string gap = process.use.gap();
  if (!gap.empty()) {
    return text + ": not judged, because the record is incomplete (" + gap + ")\n";
  }
  for (const Finding& finding : process.findings) {
    if (!finding.is_judged()) {
      text += ": " + std::string(finding.limit->option) + " cannot be judged: it " +
              finding.sentence.substr(0, finding.sentence.rfind(';')) + ", and " +
              finding.obstacle + "\n" + start;
    }
  }
  if (outcome == Outcome::Failed) {
    text += "\n" + findings_text(process, full_stacks, terminal) + "\n";
  } else {
    text += outcome == Outcome::Unknown ? ": no verdict; as far as it was seen, leaks "
                                        : ": within the limits, leaks ";
    text += counted(process.leaked) + ", held up to " +
            counted(process.use.profile.peak.live.bytes, "byte") + passed_growth(process) + "\n";
  }
  const std::string exempt = exempt_text(process);
  if (!exempt.empty()) text += "pymemflow: set aside: " + exempt + "\n";
  return text + memory_growth_text(process, start) + unseen_text(process.use.unseen) +
         doubt_text(process, start);
}

std::string result_text(const Verdict& verdict, std::FILE* terminal) {
  const Outcome outcome = verdict.outcome();
  if (outcome != Outcome::Failed) {
    const Colour colour = outcome == Outcome::Passed ? Colour::Good : Colour::Bad;
    return coloured(colour, row_of(outcome).title, terminal);
  }
  const auto over =
      std::count_if(verdict.processes.begin(), verdict.processes.end(),
                    [](const ProcessVerdict& each) { return each.outcome() == Outcome::Failed; });
  return coloured(Colour::Bad, "FAILED", terminal) + ": " + std::to_string(over) + " " +
         row_of(outcome).title;
}

// The command that shows more about the first process that failed.
std::string next_text(const Verdict& verdict) {
  for (const ProcessVerdict& process : verdict.processes) {
    if (process.outcome() != Outcome::Failed) continue;
    std::string command = "pymemflow report --format tree --metric leaked ";
    if (!verdict.are_captures_kept) {
      return "pymemflow: next: gate again with --capture FILE, then " + command + "FILE\n";
    }
    const std::string words = portable_path(process.use.path) + '\0';
    return "pymemflow: next: " + command + printable(shell_words(words)) + "\n";
  }
  return {};
}

}  // namespace

std::string sentence_of(const UnseenPart& part) {
  std::string text = part.process == 0 ? "a process" : "process " + std::to_string(part.process);
  if (!part.command_line.empty()) text += " (" + shortened(part.command_line) + ")";
  text += std::string(" ") + part.row().sentence;
  if (!part.reason.empty()) text += ": " + printable(part.reason);
  if (part.others != 0) text += " (and " + counted(part.others, "other process") + ")";
  return text;
}

std::string process_name(const CaptureUse& use) {
  return std::to_string(use.process) + " (" + printable(use.command_line) + ")";
}

bool is_listed(const Leak& leak) {
  return leak.excess() > 0 || (leak.bytes == 0 && leak.accepted == 0);
}

std::string findings_text(const ProcessVerdict& process, bool full_stacks, std::FILE* terminal) {
  std::string text;
  bool has_leaks = false;
  bool has_growth = false;
  for (const Finding& finding : process.findings) {
    if (!finding.is_over()) continue;
    text += (text.empty() ? "  " : "\n  ") + coloured(Colour::Bad, finding.sentence, terminal);
    has_leaks = has_leaks || finding.limit->evidence == Evidence::Leaks;
    has_growth = has_growth || finding.limit->evidence == Evidence::Growth;
  }
  const report::Profile& profile = process.use.profile;
  if (has_leaks) {
    text += site_lines(process.leaks, "alive at the end", profile, full_stacks, terminal);
  }
  if (has_growth) {
    text += growth_lines(process.growth, profile, full_stacks, terminal);
  }
  if (full_stacks && !profile.process.has_stacks && (has_leaks || has_growth)) {
    text += "\n  the record " + std::string(report::kNoCallers);
  }
  return text;
}

std::string text_output(const Verdict& verdict, std::FILE* terminal) {
  std::string text;
  for (const ProcessVerdict& process : verdict.processes) {
    text += process_text(process, verdict.has_full_stacks, terminal);
  }
  for (const std::string& line : verdict.unused_suppressions) {
    text += "pymemflow: the suppression " + printable(line) + " matched nothing\n";
  }
  text += unseen_text(verdict.unseen);
  for (const std::string& pattern : verdict.unused_only) {
    text += "pymemflow: --only " + printable(pattern) + " matched no allocation site\n";
  }
  if (verdict.outcome() == Outcome::Unknown && verdict.has_blocking_part() &&
      !verdict.are_unseen_allowed) {
    text += "pymemflow: --allow-unseen judges what was seen\n";
  }
  text += next_text(verdict);
  return text + "pymemflow: " + result_text(verdict, terminal) + ", " +
         counted(verdict.processes.size(), "process") + "\n";
}

}  // namespace pymemflow::cli
