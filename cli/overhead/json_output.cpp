#include "cli/console/json.h"
#include "cli/overhead/outputs.h"

namespace pymemflow::cli::overhead {
namespace {

Json json_of(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.append(value);
  return array;
}

Json json_of(const Ratio& ratio) {
  return Json::object()
      .set("median", ratio.estimate.median)
      .set("low", ratio.estimate.low)
      .set("high", ratio.estimate.high)
      .set("within_noise", ratio.is_within_noise);
}

std::string_view kind_of(ModeKind kind) {
  switch (kind) {
    case ModeKind::Bare:
      return "bare";
    case ModeKind::Ours:
      return "mode";
    case ModeKind::Peer:
    case ModeKind::Python:
      break;
  }
  return "peer";
}

std::uint64_t median_bytes(const std::vector<double>& values) {
  return static_cast<std::uint64_t>(estimate(values).median);
}

Json json_of(const Measured& measured) {
  const Row& row = *measured.row;
  Json json = Json::object()
                  .set("name", row.name)
                  .set("kind", kind_of(row.mode->kind))
                  .set("mode", row.mode->name)
                  .set("processor_s", estimate(row.processor_seconds).median)
                  .set("processor_ratio", json_of(measured.processor))
                  .set("time_s", estimate(row.seconds).median)
                  .set("time_ratio", json_of(measured.time))
                  .set("peak_rss_bytes", median_bytes(row.peak_bytes))
                  .set("record_bytes", median_bytes(row.record_bytes))
                  .set("processor_s_of_rounds", json_of(row.processor_seconds))
                  .set("time_s_of_rounds", json_of(row.seconds));
  if (!row.version.empty()) json.set("version", row.version);
  if (!row.library.empty()) json.set("library", row.library);
  if (!row.stack.empty()) json.set("stack", row.stack);
  if (measured.ns_per_event > 0) json.set("ns_per_event", measured.ns_per_event);
  return json;
}

}  // namespace

std::string json_of(const Plan& plan, const Comparison& comparison,
                    std::span<const Measured> measured) {
  Json program = Json::array();
  for (const std::string& word : plan.program) program.append(word);
  Json left_out = Json::array();
  for (const std::string& each : comparison.left_out) left_out.append(each);
  Json failed = Json::array();
  for (const Row& row : comparison.rows) {
    if (row.failure.empty()) continue;
    failed.append(
        Json::object().set("name", row.name).set("exit", row.status).set("reason", row.failure));
  }
  Json rows = Json::array();
  for (const Measured& each : measured) rows.append(json_of(each));
  return Json::object()
             .set("program", std::move(program))
             .set("program_exit", comparison.status)
             .set("rounds", plan.rounds)
             .set("events", comparison.events)
             .set("processes", comparison.processes)
             .set("processor_noise", comparison.processor_noise)
             .set("time_noise", comparison.time_noise)
             .set("rows", std::move(rows))
             .set("left_out", std::move(left_out))
             .set("failed", std::move(failed))
             .text() +
         "\n";
}

}  // namespace pymemflow::cli::overhead
