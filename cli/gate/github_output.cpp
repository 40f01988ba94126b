// The verdict of a gate as workflow commands, which GitHub shows as annotations of files and lines.

#include <cstdio>

#include "cli/console/counts.h"
#include "cli/console/site_names.h"
#include "cli/console/text.h"
#include "cli/gate/outputs.h"

namespace pymemflow::cli {
namespace {

// Escapes the data of a workflow command, or one of its properties.
std::string escaped(const std::string& text, bool is_property) {
  std::string out;
  for (const char c : text) {
    const bool is_special =
        c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    char code[8];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
    out += is_special ? std::string(code) : std::string(1, c);
  }
  return out;
}

std::string annotation(const std::string& properties, const std::string& title,
                       const std::string& text, const char* level = "error") {
  return std::string("::") + level + " " + properties + "title=" + escaped(title, true) +
         "::" + escaped(text, false) + "\n";
}

std::string site_annotation(const report::SiteName& site, const std::string& text) {
  std::string where;
  if (site.has_frame) {
    where = "file=" + escaped(printable(portable_path(std::string(site.file))), true) +
            ",line=" + std::to_string(site.line) + ",";
  }
  return annotation(where, "memory leak", shown(site) + " " + text);
}

std::string growth_annotations(const Growth& growth) {
  std::string text;
  std::size_t listed = 0;
  for (const GrowingSite& site : growth.sites) {
    if (!site.grows() || listed++ == kListedSites) break;
    text += site_annotation(
        site.site, "grows by " +
                       counted(report::Amount{site.bytes_per_round(), site.blocks_per_round()}) +
                       " per round of '" + printable(growth.name) + "'");
  }
  return text;
}

std::string leak_annotations(const std::vector<Leak>& leaks) {
  std::string text;
  std::size_t listed = 0;
  for (const Leak& leak : leaks) {
    if (!is_listed(leak) || listed++ == kListedSites) continue;
    text += site_annotation(leak.site, "leaks " + counted(report::Amount{leak.bytes, leak.blocks}));
  }
  return text;
}

std::string unseen_annotations(const std::vector<UnseenPart>& parts, bool are_allowed) {
  std::string text;
  for (const UnseenPart& part : parts) {
    const bool is_error = part.blocks() && !are_allowed;
    text += annotation({}, "pymemflow: not seen", sentence_of(part), is_error ? "error" : "notice");
  }
  return text;
}

}  // namespace

std::string github_output(const Verdict& verdict) {
  std::string text;
  for (const ProcessVerdict& process : verdict.processes) {
    if (const std::string gap = process.use.gap(); !gap.empty()) {
      text += annotation({}, "pymemflow: not judged",
                         "process " + process_name(process.use) + ": " + gap);
      continue;
    }
    bool has_leaks = false;
    for (const Finding& finding : process.findings) {
      if (!finding.is_judged()) {
        text += annotation({}, std::string("pymemflow ") + finding.limit->option,
                           "process " + process_name(process.use) + " cannot be judged: it " +
                               finding.sentence + ": " + finding.obstacle);
      }
      if (!finding.is_over()) continue;
      const Evidence evidence = finding.limit->evidence;
      has_leaks = has_leaks || evidence == Evidence::Leaks;
      if (evidence == Evidence::Growth) text += growth_annotations(process.growth);
      text += annotation({}, std::string("pymemflow ") + finding.limit->option,
                         "process " + process_name(process.use) + " " + finding.sentence);
    }
    if (has_leaks) text += leak_annotations(process.leaks);
    text += unseen_annotations(process.use.unseen, verdict.are_unseen_allowed);
  }
  text += unseen_annotations(verdict.unseen, verdict.are_unseen_allowed);
  for (const std::string& pattern : verdict.unused_only) {
    text += annotation({}, "pymemflow --only", pattern + " matched no allocation site");
  }
  return text;
}

}  // namespace pymemflow::cli
