#include "report/formats/json.h"

#include "report/account/account_output.h"
#include "report/base/json_text.h"
#include "report/formats/replay.h"
#include "report/rows/rows.h"
#include "report/stacks/frame_text.h"
#include "report/stacks/site_json.h"

namespace pymemflow::report {
namespace {

void write_amount(JsonText& json, std::string_view name, const Amount& amount) {
  json.key(name).begin_object().field("bytes", amount.bytes).field("blocks", amount.blocks);
  json.end_object();
}

void write_change(JsonText& json, std::string_view name, const Change& change) {
  json.key(name).begin_object().field("bytes", change.bytes).field("blocks", change.blocks);
  json.end_object();
}

std::string_view end_name(EndKind end) {
  switch (end) {
    case EndKind::None:
      break;
    case EndKind::Exit:
      return "exit";
    case EndKind::Exec:
      return "exec";
  }
  return "none";
}

void write_process(JsonText& json, const ProcessInfo& process) {
  json.key("process").begin_object().field("id", std::uint64_t{process.id});
  json.field("is_forked_child", process.is_forked_child).field("end", end_name(process.end));
  json.field("started_ns", process.started_ns).field("python_version", process.python_version);
  json.key("command_line").begin_array();
  std::string_view words = process.command_line;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find('\0'));
    words.remove_prefix(word.size() < words.size() ? word.size() + 1 : word.size());
    json.value(word);
  }
  json.end_array().key("threads").begin_array();
  if (process.threads != nullptr) {
    for (const auto& [number, thread] : process.threads->all()) {
      json.begin_object().field("id", std::uint64_t{number}).field("name", thread.name);
      json.end_object();
    }
  }
  json.end_array().end_object();
}

void write_counts(JsonText& json, const RecordCounts& counts) {
  json.key("record").begin_object().field("recorded", counts.recorded).field("lost", counts.lost);
  json.field("overwritten", counts.overwritten).field("damaged", counts.damaged);
  json.field("left_out", counts.left_out).end_object();
}

void write_moment(JsonText& json, std::string_view name, const Moment& moment,
                  std::uint64_t events) {
  json.key(name).begin_object().field("name", moment.words).field("is_end", moment.is_end());
  json.field("event", moment.is_end() ? events : moment.event);
  if (!moment.is_end()) json.field("after_ns", moment.after_ns);
  if (moment.next_reading_ns != 0) json.field("before_ns", moment.next_reading_ns);
  json.end_object();
}

void write_selected(JsonText& json, const Profile& profile) {
  Usage sum;
  for (const StackStats& stats : profile.stacks) sum.add(stats);
  json.key("selected").begin_object();
  write_amount(json, "live", sum.totals.live);
  write_amount(json, "leaked", sum.leaked());
  write_amount(json, "allocated", sum.totals.allocated);
  json.field("temporary", sum.totals.temporary).end_object();
}

void write_view(JsonText& json, const View& view, const Profile& profile) {
  if (view.has_range) {
    json.key("range").begin_object();
    write_moment(json, "from", view.from, profile.events);
    write_moment(json, "to", view.to, profile.events);
    write_amount(json, "live_before", profile.range.before);
    write_amount(json, "live_after", profile.range.after);
    write_amount(json, "freed", profile.range.freed);
    json.end_object();
  } else {
    write_moment(json, "moment", view.to, profile.events);
  }
}

void write_site(JsonText& json, const SiteStats& stats, const Profile& profile, Metric metric) {
  json.begin_object();
  write_site_name(json, stats.site);
  if (profile.process.has_stacks) {
    json.field("stacks", std::uint64_t{stats.stacks});
    write_stack(json, profile.tree, stats.most_shown.node);
  }
  write_amount(json, "live", stats.totals.live);
  write_amount(json, "leaked", stats.leaked());
  write_amount(json, "allocated", stats.totals.allocated);
  if (metric == Metric::Peak) write_amount(json, "peak", stats.at_peak);
  if (metric == Metric::Mapped) write_amount(json, "mapped", stats.mapped);
  if (profile.range.is_given) write_amount(json, "freed", stats.freed);
  json.field("temporary", stats.totals.temporary);
  json.field("oldest_event", stats.totals.oldest_event);
  json.key("exempt").begin_object();
  for (std::size_t why = 0; why < kExemptions; ++why) {
    if (stats.exempt[why].blocks == 0) continue;
    write_amount(json, kExemptionRows[why].name, stats.exempt[why]);
  }
  json.end_object().end_object();
}

// A number of which 0 says that it is not known: it is left out then.
void write_known(JsonText& json, std::string_view name, std::uint64_t number) {
  if (number != 0) json.field(name, number);
}

void write_resident(JsonText& json, const ResidentReadings& readings) {
  if (readings.count == 0) return;
  json.key("resident").begin_object().field("readings", readings.count);
  json.field("first_bytes", readings.first).field("latest_bytes", readings.latest);
  json.field("most_bytes", readings.most).field("most_after_ns", readings.most_after_ns);
  json.end_object();
}

void write_snapshot(JsonText& json, const Snapshot& snapshot, const Profile& profile) {
  json.begin_object().field("name", snapshot.name).field("event", snapshot.event);
  json.field("after_ns", snapshot.after_ns);
  write_amount(json, "live", snapshot.live);
  write_known(json, "resident_bytes", snapshot.resident);
  write_known(json, "heap_bytes", snapshot.heaps);
  if (snapshot.heaps != 0) json.field("free_in_heaps_bytes", snapshot.free_in_heaps);
  if (!snapshot.growth.since.empty()) {
    json.key("growth").begin_object().field("since", snapshot.growth.since);
    json.field("since_event", snapshot.growth.since_event);
    json.field("peak_bytes", snapshot.growth.peak_bytes);
    write_change(json, "live", snapshot.growth.live);
    write_change(json, "counted", snapshot.growth.counted);
    json.key("sites").begin_array();
    for (const SiteGrowth& growth : snapshot.sites) {
      json.begin_object();
      write_site_name(json, growth.site);
      if (profile.process.has_stacks) write_stack(json, profile.tree, growth.node);
      json.field("bytes", growth.change.bytes).field("blocks", growth.change.blocks).end_object();
    }
    json.end_array().end_object();
  }
  json.end_object();
}

void write_peak(JsonText& json, const Profile& profile) {
  json.key("peak").begin_object().field("bytes", profile.peak.live.bytes);
  json.field("blocks", profile.peak.live.blocks).field("event", profile.peak.event);
  json.field("after_ns", profile.peak_after_ns).field("site", profile.peak_site).end_object();
}

void write_mapped(JsonText& json, const MappingTotals& totals) {
  json.field("bytes", totals.live).field("peak_bytes", totals.peak);
  json.field("mapped_bytes", totals.mapped).field("calls", totals.calls);
}

void write_mapping(JsonText& json, const MappingStats& stats, const Profile& profile) {
  constexpr std::string_view kOwners[] = {"library", "arenas", "frames"};
  json.begin_object().field("library", stats.library);
  json.field("owner", kOwners[static_cast<std::size_t>(stats.owner)]);
  json.field("use", name_of(stats.use));
  write_site_name(json, stats.site);
  if (profile.process.has_stacks) write_stack(json, profile.tree, stats.node);
  write_mapped(json, stats.totals);
  json.end_object();
}

void write_mappings(JsonText& json, const Profile& profile) {
  const MappingProfile& mappings = profile.mappings;
  json.key("mappings").begin_object();
  for (std::size_t use = 0; use < kMappedFor; ++use) {
    json.key(name_of(static_cast<MappedFor>(use))).begin_object();
    write_mapped(json, mappings.totals[use]);
    json.end_object();
  }
  json.key("arenas").begin_object();
  write_mapped(json, mappings.arenas);
  json.end_object().field("ranges", mappings.ranges);
  json.field("unknown_releases", mappings.unknown_releases).key("sites").begin_array();
  for (const MappingStats& stats : mappings.rows) write_mapping(json, stats, profile);
  json.end_array().end_object();
}

}  // namespace

void ProfileJson::write(const Profile& profile) {
  String text;
  JsonText json(text);
  json.begin_object().field("schema", "pymemflow-profile").field("version", kSchemaVersion);
  write_process(json, profile.process);
  write_counts(json, counts_);
  json.field("metric", name_of(rows_.metric));
  write_view(json, view_, profile);
  json.field("events", profile.events).field("unknown_releases", profile.unknown_releases);
  write_amount(json, "live", profile.total.live);
  write_amount(json, "allocated", profile.total.allocated);
  json.field("temporary", profile.total.temporary);
  write_peak(json, profile);
  if (rows_.is_selected) write_selected(json, profile);
  json.key("sites").begin_array();
  std::uint64_t written = 0;
  for (const SiteStats& stats : rows_by(profile, rows_.by, rows_.depth, rows_.metric)) {
    if (rows_.limit != 0 && written++ == rows_.limit) break;
    write_site(json, stats, profile, rows_.metric);
    output_.write(text);
    text.clear();
  }
  json.end_array().key("marks").begin_array();
  for (const Snapshot& snapshot : profile.snapshots) {
    write_snapshot(json, snapshot, profile);
    output_.write(text);
    text.clear();
  }
  json.end_array();
  write_resident(json, profile.resident);
  write_account(json, profile.account, profile.tree);
  if (profile.process.has_mappings) {
    write_mappings(json, profile);
  } else {
    json.key("mappings").null();
  }
  json.end_object();
  text += '\n';
  output_.write(text);
}

void write_json(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  const ProfileJson::Rows rows = {options.by, options.depth, options.metric, options.limit,
                                  options.is_selected};
  ProfileJson(replay.output(), replay.counts(), rows, options.view).write(profile);
}

}  // namespace pymemflow::report
