#include "report/replay/live_profile.h"

#include "report/stacks/callers.h"
#include "report/stacks/frame_text.h"
#include "report/stacks/site_json.h"
#include "report/symbols/name_request.h"

namespace pymemflow::report {
namespace {

JsonText& amount(JsonText& json, std::string_view name, std::int64_t blocks, std::int64_t bytes) {
  return json.key(name).begin_object().field("blocks", blocks).field("bytes", bytes).end_object();
}

void write_site(JsonText& json, const SiteGrowth& growth, const CallTree* tree) {
  json.begin_object();
  write_site_name(json, growth.site);
  if (tree != nullptr) {
    write_stack(json, *tree, growth.node);
    json.key("in").begin_array();
    for (const String& line : native_lines(callers_of(*tree, growth.node, {}), {}, {})) {
      json.value(line);
    }
    json.end_array();
  }
  json.field("blocks", growth.change.blocks).field("bytes", growth.change.bytes).end_object();
}

}  // namespace

std::string_view LiveProfile::follow(std::uint64_t stamp) {
  if (const CaptureError error = reader_.poll(stamp); error != CaptureError::None) {
    return describe(error);
  }
  const std::string_view problem = profile_problem(reader_.head().mode);
  if (!problem.empty()) return problem;
  if (!builder_) {
    builder_.emplace(reader_.process_info(), reader_.names(), symbols_, Marks::Keep::Nothing);
  }
  while (reader_.next(batch_)) builder_->on_events(batch_);
  return {};
}

Amount LiveProfile::live() const {
  return builder_->ledger().total().live;
}

String LiveProfile::growth_since(std::string_view mark) {
  Growth growth;
  if (!builder_->marks().since(mark, growth)) return {};
  const std::uint64_t live_then = live().bytes - static_cast<std::uint64_t>(growth.live.bytes);
  String text;
  JsonText json(text);
  json.begin_object().field("mark", growth.since);
  amount(json, "alive", growth.live.blocks, growth.live.bytes);
  amount(json, "growth", growth.counted.blocks, growth.counted.bytes);
  json.field("peak_bytes", growth.peak_bytes - live_then).field("rise_bytes", growth.rise);
  json.field("has_objects", builder_->ledger().allocated_objects().blocks != 0);
  json.field("resident_then", growth.resident_then).key("memory").begin_array();
  for (const MappingGrowth& mapped : builder_->mappings_since(growth)) {
    json.begin_object().field("library", mapped.library);
    json.field("is_arenas", mapped.owner.kind == MappingOwner::Kind::Arenas);
    json.field("bytes", mapped.bytes).key("site").begin_object();
    write_site_name(json, mapped.site);
    json.end_object().end_object();
  }
  json.end_array().key("sites").begin_array();
  const Vector<SiteGrowth> sites = builder_->sites_of(growth);
  const CallTree* const tree = reader_.has_stacks() ? &builder_->tree() : nullptr;
  for (const SiteGrowth& site : sites) write_site(json, site, tree);
  json.end_array().end_object();
  return text;
}

void LiveProfile::find_names(Symbols& symbols) {
  const NameTable& names = reader_.names();
  Vector<NameQuestion> questions;
  for (; asked_ < names.callers().size(); ++asked_) {
    const Site* const site = names.find(names.callers()[asked_]);
    if (site != nullptr) questions.push_back({site->address, site->module});
  }
  if (questions.empty()) return;
  String answer;
  if (!ask_(write_name_request(names.modules(), questions), answer)) return;
  read_name_answer(answer, questions.size(), [&](std::size_t i, NameAnswer answered) {
    symbols.set_name(questions[i].address, questions[i].module, answered.name,
                     std::move(answered.details));
  });
}

}  // namespace pymemflow::report
