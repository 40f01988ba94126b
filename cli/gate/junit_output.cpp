// The verdict of a gate as a JUnit report: one test case for each limit of each process.

#include "cli/console/json.h"
#include "cli/console/text.h"
#include "cli/gate/outputs.h"

namespace pymemflow::cli {
namespace {

// XML does not allow U+FFFE and U+FFFF.
std::string without_non_characters(std::string text) {
  for (const char* const each : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (std::size_t at = 0; (at = text.find(each, at)) != std::string::npos;) {
      text.replace(at, 3, "?");
    }
  }
  return text;
}

// The text as XML allows it: invalid UTF-8 becomes U+FFFD, and control characters other than
// newlines are escaped.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : without_non_characters(printable_lines(valid_utf8(text)))) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string error_element(const std::string& message, const char* type) {
  return "      <error message=\"" + xml(message) + "\" type=\"" + type + "\"/>\n";
}

// Why there is no verdict on the process.
std::string reason_of(const ProcessVerdict& process, const Finding& finding) {
  std::string text = process.use.gap();
  if (!text.empty()) return text;
  if (!finding.is_judged()) return finding.sentence + ": " + finding.obstacle;
  for (const UnseenPart& part : process.use.unseen) {
    if (part.blocks()) text += (text.empty() ? "" : "; ") + sentence_of(part);
  }
  return text;
}

// Of processes that have no record.
std::string unseen_case(const UnseenPart& part) {
  return "    <testcase classname=\"pymemflow\" name=\"" + xml(part.row().name) +
         "\" time=\"0\">\n" + error_element("not seen: " + sentence_of(part), "unseen") +
         "    </testcase>\n";
}

std::string junit_case(const ProcessVerdict& process, const Finding& finding, bool full_stacks) {
  const Outcome outcome = process.outcome();
  std::string text = "    <testcase classname=\"" + xml("pymemflow." + process.use.command_line) +
                     "\" name=\"" + xml(finding.limit->option) + "\" time=\"0\"";
  if (outcome == Outcome::Unknown || !finding.is_judged()) {
    return text + ">\n" + error_element("not judged: " + reason_of(process, finding), "record") +
           "    </testcase>\n";
  }
  if (!finding.is_over()) return text + "/>\n";
  return text + ">\n      <failure message=\"" + xml(finding.sentence) + "\" type=\"limit\">" +
         xml(findings_text(process, full_stacks)) + "</failure>\n    </testcase>\n";
}

}  // namespace

std::string junit_output(const Verdict& verdict) {
  std::string cases;
  std::size_t count = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  for (const ProcessVerdict& process : verdict.processes) {
    for (const Finding& finding : process.findings) {
      cases += junit_case(process, finding, verdict.has_full_stacks);
      ++count;
      const bool is_judged = process.outcome() != Outcome::Unknown && finding.is_judged();
      errors += is_judged ? 0 : 1;
      failures += is_judged && finding.is_over() ? 1 : 0;
    }
  }
  for (const UnseenPart& part : verdict.unseen) {
    if (!part.blocks() || verdict.are_unseen_allowed) continue;
    cases += unseen_case(part);
    ++count;
    ++errors;
  }
  for (const std::string& pattern : verdict.unused_only) {
    cases += "    <testcase classname=\"pymemflow\" name=\"--only\" time=\"0\">\n" +
             error_element("--only " + pattern + " matched no allocation site", "only") +
             "    </testcase>\n";
    ++count;
    ++errors;
  }
  const std::string counts = "tests=\"" + std::to_string(count) + "\" failures=\"" +
                             std::to_string(failures) + "\" errors=\"" + std::to_string(errors) +
                             "\"";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts +
         ">\n  <testsuite name=\"pymemflow gate\" " + counts + " skipped=\"0\" time=\"0\">\n" +
         cases + "  </testsuite>\n</testsuites>\n";
}

}  // namespace pymemflow::cli
