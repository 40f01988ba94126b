#include "cli/gate/gate_output.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "cli/console/colours.h"
#include "cli/console/counts.h"
#include "cli/console/site_names.h"
#include "report/replay/exemptions.h"

namespace pymemflow::cli {
namespace {

std::string column(std::uint64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), ' ');
  return digits;
}

// It is why the gate fails, or would be if there were more of it.
bool is_named(const Leak& leak) {
  return leak.excess() > 0 || (leak.bytes == 0 && leak.accepted == 0);
}

// `what` of the places is told; `oldest` is known of what is alive alone.
std::string place_lines(const std::vector<Leak>& leaks, const char* what, std::FILE* terminal) {
  std::string text;
  std::size_t named = 0;
  std::size_t more = 0;
  for (const Leak& leak : leaks) {
    if (!is_named(leak)) continue;
    if (named == kNamedLeaks) {
      ++more;
      continue;
    }
    const bool has_oldest = leak.oldest != 0;
    if (named++ == 0) {
      text += std::string("\n         bytes    blocks ") +
              (has_oldest ? "since event  " : "             ") + what;
    }
    text += "\n" + column(leak.bytes, 14) + " " + column(leak.blocks, 9) + " " +
            (has_oldest ? column(leak.oldest, 11) : std::string(11, ' ')) + "  " +
            coloured(Colour::Subject, shown(leak.place), terminal);
    if (leak.accepted != 0) {
      text += " (" + std::to_string(leak.accepted) + " bytes of it in the baseline)";
    }
    text += "\n                           suppress:  " + suppression_for(leak.place);
  }
  if (more != 0) text += "\n" + column(more, 14) + " more places";
  return text;
}

bool is_about_leaks(const Finding& finding) {
  return std::string_view(finding.limit).starts_with("--max-leak");
}

bool is_about_growth(const Finding& finding) {
  return std::string_view(finding.limit) == "--max-growth";
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stderr);
}

// What was not held against the limits, and why.
std::string aside_text(const ProcessVerdict& process) {
  std::string text;
  const auto add = [&](const report::Amount& amount, const char* why) {
    if (amount.blocks == 0) return;
    text += (text.empty() ? "" : ", ") + counted(amount) + " " + why;
  };
  for (std::size_t why = 0; why < report::kExemptions; ++why) {
    add(process.aside[why], report::kExemptionRows[why].sentence);
  }
  add(process.suppressed, "suppressed");
  return text;
}

void print_doubts(const ProcessVerdict& process) {
  const std::string start = "pymemflow: process " + process_name(process.use);
  if (!process.use.has_ended) {
    print(start + " was killed or still runs: what it had not given back yet counts\n");
  }
  if (process.use.lost == 0 && process.use.damaged == 0) return;
  print(start + ": the record is not whole (" + std::to_string(process.use.lost) +
        " events lost, damaged in " + counted(process.use.damaged, "place") +
        "): the figures may be wrong\n");
}

void print_process(const ProcessVerdict& process) {
  const std::string start = "pymemflow: process " + process_name(process.use);
  if (process.is_over()) {
    print(start + "\n" + findings_text(process, stderr) + "\n");
  } else {
    print(start + ": within the limits, leaks " + counted(process.leaked) + ", held up to " +
          counted(process.use.usage.peak.live.bytes, "byte") + "\n");
  }
  const std::string aside = aside_text(process);
  if (!aside.empty()) print("pymemflow: set aside: " + aside + "\n");
  print_doubts(process);
}

// The data of a workflow command, and a property of one.
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

void annotate(const std::string& properties, const std::string& title, const std::string& text) {
  std::printf("::error %stitle=%s::%s\n", properties.c_str(), escaped(title, true).c_str(),
              escaped(text, false).c_str());
}

// "leaks", or "grew by".
void annotate_places(const std::vector<Leak>& leaks, const char* verb) {
  std::size_t named = 0;
  for (const Leak& leak : leaks) {
    if (!is_named(leak) || named++ == kNamedLeaks) continue;
    std::string where;
    if (leak.place.has_frame) {
      where = "file=" + escaped(printable(portable_path(std::string(leak.place.file))), true) +
              ",line=" + std::to_string(leak.place.line) + ",";
    }
    annotate(where, "memory leak",
             shown(leak.place) + " " + verb + " " + counted({leak.bytes, leak.blocks}));
  }
}

}  // namespace

std::string process_name(const CaptureUse& use) {
  return std::to_string(use.process) + " (" + printable(use.command_line) + ")";
}

std::string findings_text(const ProcessVerdict& process, std::FILE* terminal) {
  std::string text;
  bool has_leaks = false;
  bool has_growth = false;
  for (const Finding& finding : process.findings) {
    if (!finding.is_over()) continue;
    text += (text.empty() ? "  " : "\n  ") + coloured(Colour::Bad, finding.sentence, terminal);
    has_leaks = has_leaks || is_about_leaks(finding);
    has_growth = has_growth || is_about_growth(finding);
  }
  if (has_leaks) text += place_lines(process.leaks, "alive at the end", terminal);
  if (has_growth) {
    text += place_lines(process.growth.places, "more than at the earlier mark", terminal);
  }
  return text;
}

void print_verdict(const Verdict& verdict) {
  for (const ProcessVerdict& process : verdict.processes) print_process(process);
  for (const std::string& line : verdict.unused_suppressions) {
    print("pymemflow: " + printable(line) + ": suppressed nothing\n");
  }
  const auto over = std::count_if(verdict.processes.begin(), verdict.processes.end(),
                                  [](const ProcessVerdict& each) { return each.is_over(); });
  print("pymemflow: " +
        (over == 0 ? coloured(Colour::Good, "passed", stderr)
                   : coloured(Colour::Bad, "FAILED", stderr) + ": " + std::to_string(over) +
                         " over the limits") +
        ", " + counted(verdict.processes.size(), "process") + "\n");
}

void print_annotations(const Verdict& verdict) {
  for (const ProcessVerdict& process : verdict.processes) {
    bool has_leaks = false;
    for (const Finding& finding : process.findings) {
      if (!finding.is_over()) continue;
      has_leaks = has_leaks || is_about_leaks(finding);
      if (is_about_growth(finding)) annotate_places(process.growth.places, "grew by");
      annotate({}, "pymemflow " + std::string(finding.limit),
               "process " + process_name(process.use) + " " + finding.sentence);
    }
    if (has_leaks) annotate_places(process.leaks, "leaks");
  }
  std::fflush(stdout);
}

}  // namespace pymemflow::cli
