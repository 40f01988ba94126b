// The forms of a gate's verdict that machines read: JSON, JUnit's XML, Markdown.

#include <algorithm>
#include <string_view>

#include "cli/console/json.h"
#include "cli/console/site_names.h"
#include "cli/gate/gate_output.h"
#include "report/replay/exemptions.h"

namespace pymemflow::cli {
namespace {

Json json_of(const report::Amount& amount) {
  return {{"blocks", amount.blocks}, {"bytes", amount.bytes}};
}

Json json_of(const Leak& leak) {
  Json json = {{"key", key_of(leak.place)}};
  if (leak.place.has_frame) {
    json["file"] = std::string(leak.place.file);
    json["line"] = leak.place.line;
    json["function"] = std::string(leak.place.function);
  } else {
    json["engine_caller"] = std::string(leak.place.caller);
    json["module"] = std::string(leak.place.module);
  }
  json["blocks"] = leak.blocks;
  json["bytes"] = leak.bytes;
  json["accepted_bytes"] = leak.accepted;
  json["oldest_event"] = leak.oldest;
  json["suppression"] = suppression_for(leak.place);
  return json;
}

Json json_of(const Finding& finding) {
  return {{"limit", finding.limit},
          {"value", finding.value},
          {"allowed", finding.allowed},
          {"is_over", finding.is_over()},
          {"sentence", finding.sentence}};
}

Json json_of(const WorstGrowth& growth) {
  Json json = {{"since", growth.since},
               {"mark", growth.mark},
               {"blocks", growth.change.blocks},
               {"bytes", growth.change.bytes},
               {"places", Json::array()}};
  for (const Leak& leak : growth.places) json["places"].push_back(json_of(leak));
  return json;
}

Json json_of(const ProcessVerdict& process) {
  const report::Profile& usage = process.use.usage;
  Json json = {{"process", process.use.process},
               {"command_line", process.use.command_line},
               {"is_over", process.is_over()},
               {"has_ended", process.use.has_ended},
               {"lost_events", process.use.lost},
               {"leaked", json_of(process.leaked)},
               {"alive", json_of(usage.total.live)},
               {"peak",
                {{"blocks", usage.peak.live.blocks},
                 {"bytes", usage.peak.live.bytes},
                 {"event", usage.peak.event},
                 {"place", std::string(usage.peak_site)}}},
               {"allocations", usage.total.allocated.blocks},
               {"allocated_bytes", usage.total.allocated.bytes},
               {"temporary", usage.total.temporary},
               {"set_aside", Json::object()}};
  for (std::size_t why = 0; why < report::kExemptions; ++why) {
    json["set_aside"][report::kExemptionRows[why].name] = json_of(process.aside[why]);
  }
  json["set_aside"]["suppressed"] = json_of(process.suppressed);
  json["findings"] = Json::array();
  for (const Finding& finding : process.findings) json["findings"].push_back(json_of(finding));
  if (process.growth.is_known) json["growth"] = json_of(process.growth);
  json["leaks"] = Json::array();
  for (const Leak& leak : process.leaks) json["leaks"].push_back(json_of(leak));
  return json;
}

// U+FFFE and U+FFFF are in no XML.
std::string without_non_characters(std::string text) {
  for (const char* const each : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (std::size_t at = 0; (at = text.find(each, at)) != std::string::npos;) {
      text.replace(at, 3, "?");
    }
  }
  return text;
}

// As UTF-8 that XML may hold: what is not becomes a question mark or U+FFFD, and control characters
// are escaped, but for newlines.
std::string xml(const std::string& text) {
  const std::string valid =
      Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
          .get<std::string>();
  std::string out;
  for (const char c : without_non_characters(printable_lines(valid))) {
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

std::string junit_case(const ProcessVerdict& process, const Finding& finding) {
  std::string text = "    <testcase classname=\"" + xml("pymemflow." + process.use.command_line) +
                     "\" name=\"" + xml(std::string_view(finding.limit).data()) + "\" time=\"0\"";
  if (!finding.is_over()) return text + "/>\n";
  return text + ">\n      <failure message=\"" + xml(finding.sentence) + "\" type=\"limit\">" +
         xml(findings_text(process)) + "</failure>\n    </testcase>\n";
}

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("|\\`*_<>[]").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void append_rows(std::string& text, const std::vector<Leak>& leaks, const char* what) {
  if (leaks.empty()) return;
  text += std::string("\n| bytes | blocks | ") + what + " |\n|---:|---:|---|\n";
  const std::size_t named = std::min(leaks.size(), kNamedLeaks);
  for (std::size_t i = 0; i < named; ++i) {
    const Leak& leak = leaks[i];
    text += "| " + std::to_string(leak.bytes) + " | " + std::to_string(leak.blocks) + " | " +
            cell(shown(leak.place)) + " |\n";
  }
  if (leaks.size() > named) {
    text += "\n" + std::to_string(leaks.size() - named) + " more places.\n";
  }
}

}  // namespace

bool write_verdict_json(const std::string& path, const Verdict& verdict) {
  Json json = {{"is_over", verdict.is_over()}, {"processes", Json::array()}};
  for (const ProcessVerdict& process : verdict.processes) {
    json["processes"].push_back(json_of(process));
  }
  json["unused_suppressions"] = verdict.unused_suppressions;
  return write_json(path, json);
}

bool write_junit(const std::string& path, const Verdict& verdict) {
  std::string cases;
  std::size_t count = 0;
  std::size_t failures = 0;
  for (const ProcessVerdict& process : verdict.processes) {
    for (const Finding& finding : process.findings) {
      cases += junit_case(process, finding);
      ++count;
      failures += finding.is_over() ? 1 : 0;
    }
  }
  const std::string counts = "tests=\"" + std::to_string(count) + "\" failures=\"" +
                             std::to_string(failures) + "\" errors=\"0\"";
  return write_file(path, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts +
                              ">\n  <testsuite name=\"pymemflow gate\" " + counts +
                              " skipped=\"0\" time=\"0\">\n" + cases +
                              "  </testsuite>\n</testsuites>\n");
}

bool write_markdown(const std::string& path, const Verdict& verdict) {
  std::string text =
      std::string("## Memory: ") + (verdict.is_over() ? "over the limits" : "passed") + "\n";
  for (const ProcessVerdict& process : verdict.processes) {
    text += "\n### Process " + cell(process_name(process.use)) + "\n\n";
    for (const Finding& finding : process.findings) {
      text += std::string(finding.is_over() ? "- **" : "- ") + cell(finding.sentence) +
              (finding.is_over() ? "**\n" : "\n");
    }
    append_rows(text, process.leaks, "place");
    append_rows(text, process.growth.places, "place that grew");
  }
  return write_file(path, text);
}

}  // namespace pymemflow::cli
