// The verdict of a gate as Markdown, for the summary of a job.

#include <algorithm>
#include <string_view>

#include "cli/console/site_names.h"
#include "cli/gate/outputs.h"

namespace pymemflow::cli {
namespace {

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("|\\`*_<>[]").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void append_rows(std::string& text, const std::vector<Leak>& leaks) {
  if (leaks.empty()) return;
  text += "\n| bytes | blocks | site |\n|---:|---:|---|\n";
  const std::size_t listed = std::min(leaks.size(), kListedSites);
  for (std::size_t i = 0; i < listed; ++i) {
    const Leak& leak = leaks[i];
    text += "| " + std::to_string(leak.bytes) + " | " + std::to_string(leak.blocks) + " | " +
            cell(shown(leak.site)) + " |\n";
  }
  if (leaks.size() > listed) {
    text += "\n" + std::to_string(leaks.size() - listed) + " more sites.\n";
  }
}

void append_growth(std::string& text, const Growth& growth) {
  if (growth.sites.empty()) return;
  text +=
      "\n| bytes a round | blocks a round | site that grew | confidence |\n|---:|---:|---|---|\n";
  for (std::size_t i = 0; i < std::min(growth.sites.size(), kListedSites); ++i) {
    const GrowingSite& site = growth.sites[i];
    const auto row =
        static_cast<std::size_t>(site.grows() ? site.bytes.confidence : report::Confidence::None);
    text += "| " + std::to_string(site.bytes_per_round()) + " | " +
            std::to_string(site.blocks_per_round()) + " | " + cell(shown(site.site)) + " | " +
            report::kConfidences[row] + " |\n";
  }
}

std::string unseen_rows(const std::vector<UnseenPart>& parts) {
  std::string text;
  for (const UnseenPart& part : parts) text += "- not seen: " + cell(sentence_of(part)) + "\n";
  return text;
}

}  // namespace

std::string markdown_output(const Verdict& verdict) {
  std::string text = std::string("## Memory: ") + row_of(verdict.outcome()).title + "\n";
  for (const ProcessVerdict& process : verdict.processes) {
    text += "\n### Process " + cell(process_name(process.use)) + "\n\n";
    if (const std::string gap = process.use.gap(); !gap.empty()) {
      text += "**Not judged: the record is incomplete (" + cell(gap) + ").**\n\n";
    }
    for (const Finding& finding : process.findings) {
      text += std::string(finding.is_over() ? "- **" : "- ") + cell(finding.sentence) +
              (finding.is_over() ? "**\n" : "\n");
    }
    text += unseen_rows(process.use.unseen);
    append_rows(text, process.leaks);
    append_growth(text, process.growth);
  }
  std::string rest = unseen_rows(verdict.unseen);
  for (const std::string& pattern : verdict.unused_only) {
    rest += "- `--only` " + cell(pattern) + " matched no allocation site\n";
  }
  return rest.empty() ? text : text + "\n" + rest;
}

}  // namespace pymemflow::cli
