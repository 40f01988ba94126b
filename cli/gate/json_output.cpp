// The verdict of a gate as JSON.

#include "cli/console/json.h"
#include "cli/console/site_names.h"
#include "cli/console/stacks.h"
#include "cli/gate/memory_growth.h"
#include "cli/gate/outputs.h"
#include "report/replay/exemptions.h"

namespace pymemflow::cli {
namespace {

// Of docs/gate.schema.json, which describes the text.
constexpr std::uint32_t kSchemaVersion = 1;

// Whole, and unchanged: JSON escapes what it must.
std::string text_of(const report::SiteName& site) {
  return std::string(report::site_text(site, {.escape = false}, report::FunctionText::Whole));
}

Json json_of(const report::Amount& amount) {
  return Json::object().set("blocks", amount.blocks).set("bytes", amount.bytes);
}

Json name_of(const report::SiteName& site) {
  Json json = Json::object().set("key", key_of(site));
  if (site.has_frame) {
    json.set("file", std::string(site.file));
    json.set("line", site.line);
    json.set("function", std::string(site.function));
  } else {
    json.set("engine_caller", text_of(site));
    json.set("module", std::string(site.module));
    const std::string symbol(report::native_name(site).symbol);
    if (!symbol.empty()) json.set("symbol", symbol);
  }
  return json;
}

void add_stack(Json& json, const report::Profile& profile, report::CallNode node,
               std::uint64_t stacks) {
  if (!profile.process.has_stacks) return;
  json.set("stacks", stacks);
  set_stack(json, profile.tree, node);
}

Json json_of(const Leak& leak, const report::Profile& profile) {
  Json json = name_of(leak.site);
  json.set("blocks", leak.blocks);
  json.set("bytes", leak.bytes);
  json.set("accepted_bytes", leak.accepted);
  json.set("oldest_event", leak.oldest);
  json.set("suppression", suppression_for(leak.site));
  add_stack(json, profile, leak.node, leak.stacks);
  return json;
}

Json json_of(const UnseenPart& part) {
  Json json = Json::object().set("kind", part.row().name);
  if (part.process != 0) json.set("process", part.process);
  return std::move(json)
      .set("command_line", part.command_line)
      .set("reason", part.reason)
      .set("others", part.others)
      .set("blocks", part.blocks())
      .set("sentence", sentence_of(part));
}

Json json_of(const ProcessVerdict& process);

template <typename Elements>
Json array_of(const Elements& elements) {
  Json array = Json::array();
  for (const auto& element : elements) array.append(json_of(element));
  return array;
}

Json leaks_of(const std::vector<Leak>& leaks, const report::Profile& profile) {
  Json array = Json::array();
  for (const Leak& leak : leaks) array.append(json_of(leak, profile));
  return array;
}

Json json_of(const report::SteadyGrowth& growth) {
  return Json::object()
      .set("grows", growth.grows)
      .set("per_round", growth.slope.per_round)
      .set("low", growth.slope.low)
      .set("high", growth.slope.high)
      .set("grown_rounds", growth.grown);
}

const char* confidence_of(const report::SteadyGrowth& growth) {
  return report::kConfidences[static_cast<std::size_t>(growth.confidence)];
}

Json json_of(const GrowingSite& site, const report::Profile& profile) {
  Json json = name_of(site.site);
  json.set("bytes", site.bytes_per_round());
  json.set("blocks", site.blocks_per_round());
  json.set("growth", Json::object()
                         .set("bytes", json_of(site.bytes))
                         .set("blocks", json_of(site.blocks))
                         .set("all_bytes", site.change.bytes)
                         .set("all_blocks", site.change.blocks));
  json.set("confidence", site.grows() ? confidence_of(site.bytes) : "none");
  json.set("suppression", suppression_for(site.site));
  add_stack(json, profile, site.node, site.stacks);
  return json;
}

Json json_of(const Growth& growth, const report::Profile& profile) {
  Json sites = Json::array();
  for (const GrowingSite& site : growth.sites) sites.append(json_of(site, profile));
  return Json::object()
      .set("mark", growth.name)
      .set("rounds", growth.rounds)
      .set("warm_up_rounds", growth.warm_up)
      .set("bytes", growth.bytes_per_round())
      .set("whole", json_of(growth.total))
      .set("confidence", confidence_of(growth.total))
      .set("sites", std::move(sites));
}

Json peak_of(const report::Profile& profile) {
  return Json::object()
      .set("blocks", profile.peak.live.blocks)
      .set("bytes", profile.peak.live.bytes)
      .set("event", profile.peak.event)
      .set("site", std::string(profile.peak_site));
}

// The first site of the list that explains a finding: its name, stack, size, growth and confidence.
void add_culprit(Json& json, const ProcessVerdict& process, Evidence evidence) {
  const report::Profile& profile = process.use.profile;
  if (evidence == Evidence::Leaks && !process.leaks.empty()) {
    const Leak& leak = process.leaks.front();
    json.set("site", key_of(leak.site));
    set_stack(json, profile.tree, leak.node);
    json.set("bytes", leak.bytes);
    json.set("blocks", leak.blocks);
    json.set("confidence", process.use.has_ended && !process.use.is_end_unseen ? "high" : "low");
  }
  if (evidence == Evidence::Growth && !process.growth.sites.empty()) {
    const GrowingSite& site = process.growth.sites.front();
    json.set("site", key_of(site.site));
    set_stack(json, profile.tree, site.node);
    json.set("bytes", site.bytes_per_round());
    json.set("blocks", site.blocks_per_round());
    json.set("growth", site.bytes.slope.per_round);
    json.set("confidence", site.grows() ? confidence_of(site.bytes) : "none");
  }
}

Json findings_of(const ProcessVerdict& process) {
  Json findings = Json::array();
  for (const Finding& finding : process.findings) {
    Json json = Json::object()
                    .set("limit", finding.limit->option)
                    .set("value", finding.value)
                    .set("allowed", finding.allowed)
                    .set("is_judged", finding.is_judged())
                    .set("is_over", finding.is_over())
                    .set("sentence", finding.sentence);
    if (!finding.is_judged()) json.set("obstacle", finding.obstacle);
    if (finding.is_over()) add_culprit(json, process, finding.limit->evidence);
    findings.append(std::move(json));
  }
  return findings;
}

Json exempt_of(const ProcessVerdict& process) {
  Json exempt = Json::object();
  for (std::size_t why = 0; why < report::kExemptions; ++why) {
    exempt.set(report::kExemptionRows[why].name, json_of(process.exempt[why]));
  }
  return std::move(exempt).set("suppressed", json_of(process.suppressed));
}

Json json_of(const ProcessVerdict& process) {
  const report::Profile& profile = process.use.profile;
  Json json = Json::object()
                  .set("process", process.use.process)
                  .set("command_line", process.use.command_line)
                  .set("verdict", row_of(process.outcome()).name)
                  .set("is_over", process.outcome() == Outcome::Failed)
                  .set("has_ended", process.use.has_ended)
                  .set("has_stopped", process.use.has_stopped)
                  .set("lost_events", process.use.lost)
                  .set("left_out_events", process.use.left_out)
                  .set("lacks_windows", process.use.lacks_windows)
                  .set("damaged_places", process.use.damaged)
                  .set("unchecked_blocks", process.use.unchecked)
                  .set("gaps", process.use.gaps)
                  .set("leaked", json_of(process.leaked))
                  .set("alive", json_of(profile.total.live))
                  .set("peak", peak_of(profile))
                  .set("allocations", process.allocations().blocks)
                  .set("allocated_bytes", process.allocations().bytes)
                  .set("temporary", profile.total.temporary)
                  .set("set_aside", exempt_of(process))
                  .set("unseen", array_of(process.use.unseen))
                  .set("memory", memory_growth_json(process))
                  .set("findings", findings_of(process));
  if (process.growth.rounds != 0) json.set("growth", json_of(process.growth, profile));
  return std::move(json).set("leaks", leaks_of(process.leaks, profile));
}

}  // namespace

std::string json_output(const Verdict& verdict) {
  Json unused = Json::array();
  for (const std::string& line : verdict.unused_suppressions) unused.append(line);
  Json json = Json::object()
                  .set("version", kSchemaVersion)
                  .set("verdict", row_of(verdict.outcome()).name)
                  .set("is_over", verdict.outcome() == Outcome::Failed);
  if (verdict.program_exit) json.set("program_exit", *verdict.program_exit);
  json.set("processes", array_of(verdict.processes));
  json.set("unseen", array_of(verdict.unseen));
  json.set("are_unseen_allowed", verdict.are_unseen_allowed);
  json.set("unused_suppressions", std::move(unused));
  Json only = Json::array();
  for (const std::string& pattern : verdict.unused_only) only.append(pattern);
  json.set("unused_only", std::move(only));
  return json.text() + "\n";
}

}  // namespace pymemflow::cli
