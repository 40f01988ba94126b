#include "report/replay/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/base/names.h"
#include "report/replay/process_account.h"

namespace pymemflow::report {
namespace {

// The events between the fetch of a ledger's entry and its use: enough for memory to answer, and
// few enough for the processor's cache to keep.
constexpr std::size_t kFetchedAhead = 16;

bool grew_more(const SiteGrowth& a, const SiteGrowth& b) {
  if (a.change.bytes != b.change.bytes) return a.change.bytes > b.change.bytes;
  if (a.change.blocks != b.change.blocks) return a.change.blocks > b.change.blocks;
  return a.site.key() < b.site.key();
}

}  // namespace

std::string_view profile_problem(RecordMode mode) {
  switch (mode) {
    case RecordMode::Full:
      return {};
    case RecordMode::Ring:
      return "holds only the last events of each thread: live memory cannot be known";
    case RecordMode::Sums:
      return "holds no events, only their sums: live memory cannot be known";
  }
  return "is of an unknown kind";
}

ProfileBuilder::ProfileBuilder(ProcessInfo process, const NameTable& names, Symbols& symbols,
                               Marks::Keep keep)
    : process_(std::move(process)),
      names_(names),
      origins_(process_.has_stacks),
      stack_names_(names, origins_, symbols),
      mappings_(names, stack_names_),
      imports_(process_.command_line),
      exemptions_(names, origins_, imports_, symbols),
      marks_(ledger_, exemptions_, keep) {}

void ProfileBuilder::on_event(const Event& event, const Site& site) {
  take(event, site, origins_.has_entries() ? origins_.of(event) : event.site);
}

inline void ProfileBuilder::take(const Event& event, const Site& site, OriginId origin) {
  // A call that is not selected counts for no stack.
  if (filter_ != nullptr && traits(event.function).effect != Effect::Release &&
      !filter_->takes_allocation(event)) {
    origin = 0;
  }
  if (history_) history_->reach(since_start(event), ledger_.events());
  const bool is_peak = ledger_.on_event(event, origin);
  if (history_) history_->curve.on_blocks(ledger_.total().live.bytes);
  imports_.on_event(event, site, ledger_.events());
  marks_.on_event();
  if (is_peak) peak_after_ns_ = since_start(event);
  if (outside_arenas().bytes + mapped_ > whole_peak_.bytes) note_whole_peak(origin);
  if (!has_python_ && site.has_frame) [[unlikely]] {
    has_python_ = true;
    mappings_.on_python();
  }
}

// Small objects lie in arenas, which are mapped, unless Python uses malloc() for them.
Amount ProfileBuilder::outside_arenas() const {
  Amount blocks = ledger_.total().live;
  if (mappings_.live_arenas() != 0) blocks.subtract(ledger_.objects());
  return blocks;
}

void ProfileBuilder::note_whole_peak(OriginId origin) {
  const Amount blocks = outside_arenas();
  whole_peak_.bytes = blocks.bytes + mapped_;
  whole_peak_.blocks = blocks;
  whole_peak_.arenas = mappings_.live_arenas();
  whole_peak_.mapped = mapped_ - whole_peak_.arenas;
  whole_peak_.event = ledger_.events();
  whole_peak_origin_ = origin;
}

void ProfileBuilder::on_mark(const Event& mark) {
  if (history_) history_->reach(since_start(mark), ledger_.events());
  // The reading comes right before its mark.
  const bool has_reading = latest_reading_.kind == EventKind::Memory &&
                           latest_reading_.thread == mark.thread &&
                           events_at_reading_ == ledger_.events();
  marks_.on_mark(mark.name, since_start(mark), has_reading ? latest_reading_ : Event(),
                 mappings_.ledger().mapped_by_use());
  latest_reading_ = {};
  mappings_.on_mark(mark.name);
}

void ProfileBuilder::on_memory(const Event& reading) {
  const std::uint64_t bytes = reading.arguments[0];
  if (history_) {
    history_->reach(since_start(reading), ledger_.events());
    history_->curve.on_resident(bytes);
  }
  if (resident_.count++ == 0) resident_.first = bytes;
  resident_.latest = bytes;
  if (bytes > resident_.most) {
    resident_.most = bytes;
    resident_.most_after_ns = since_start(reading);
  }
  latest_reading_ = reading;
  events_at_reading_ = ledger_.events();
}

void ProfileBuilder::on_mapping(const Event& event, const Site& /*site*/) {
  const OriginId origin = origins_.has_entries() ? origins_.of(event) : event.site;
  mappings_.on_event(event, origin);
  if (filter_ != nullptr) selected_mappings_[origin] = filter_->takes_mapping(event);
  mapped_ = mappings_.live();
  // Arenas have the objects that the ledger knows.
  const bool has_objects = ledger_.allocated_objects().blocks != 0;
  marks_.on_mapping(mapped_ - (has_objects ? mappings_.live_arenas() : 0));
  if (history_) {
    history_->reach(since_start(event), ledger_.events());
    history_->curve.on_mapped(mappings_.live_arenas(), mapped_ - mappings_.live_arenas());
  }
  if (outside_arenas().bytes + mapped_ > whole_peak_.bytes) note_whole_peak(origin);
}

void ProfileBuilder::on_events(const EventBatch& batch) {
  if (origins_.has_entries()) {
    take<true>(batch);
  } else {
    take<false>(batch);
  }
}

template <bool kHasOrigins>
void ProfileBuilder::take(const EventBatch& batch) {
  std::size_t heads = 0;
  std::size_t entries = 0;
  // In a small ledger the fetches cost more than they save.
  const std::size_t fetched = ledger_.is_large() ? batch.size : 0;
  for (std::size_t i = 0; i < batch.size; ++i) {
    for (; heads < std::min(i + 2 * kFetchedAhead, fetched); ++heads) {
      ledger_.prefetch_heads(batch.events[heads]);
    }
    for (; entries < std::min(i + kFetchedAhead, fetched); ++entries) {
      ledger_.prefetch_entries(batch.events[entries]);
    }
    const Event& event = batch.events[i];
    if (event.kind == EventKind::Call) [[likely]] {
      take(event, *batch.sites[i], kHasOrigins ? origins_.of(event) : event.site);
    } else if (event.kind == EventKind::Mark) {
      on_mark(event);
    } else if (event.kind == EventKind::Memory) {
      on_memory(event);
    } else if (event.kind == EventKind::Mapping) {
      on_mapping(event, *batch.sites[i]);
    }
  }
}

void ProfileBuilder::on_events(std::span<const Event> events) {
  EventBatch batch;
  for (const Event& event : events) {
    const Site* const site = names_.find(event.site);
    if (site == nullptr && has_site(event.kind)) continue;
    batch.events[batch.size] = event;
    batch.sites[batch.size] = site;
    if (++batch.size == EventBatch::kEvents) {
      on_events(batch);
      batch.size = 0;
    }
  }
  on_events(batch);
}

std::uint64_t ProfileBuilder::since_start(const Event& event) const {
  const std::uint64_t start = process_.started_monotonic_ns;
  return std::max(event.after_ns, start) - start;
}

void ProfileBuilder::begin_range() {
  range_.note(ledger_);
  ledger_.begin_range();
  if (history_) history_->begin_range(ledger_.events());
  whole_peak_ = {};
  note_whole_peak(0);
}

void ProfileBuilder::note_peak() {
  for (const OriginId origin : ledger_.origins()) {
    const Amount& live = ledger_.of(origin).live;
    if (live.blocks != 0) at_peak_[origin] = live;
  }
}

void ProfileBuilder::add_totals(Profile& profile) {
  profile.total = ledger_.total();
  profile.allocated_objects = ledger_.allocated_objects();
  if (!range_.is_noted()) return;
  range_.settle(ledger_);
  const RangeUse use = range_.of_all(ledger_.total());
  profile.range = {true, range_.event(), range_.live(), ledger_.total().live, use.freed};
  profile.total = use.totals;
}

void ProfileBuilder::add_account(Profile& profile) {
  ProcessInfo process = process_;
  if (is_early_) process.map = nullptr;
  profile.account = make_account(process, ledger_, exemptions_, mappings_, stack_names_);
  if (is_early_) {
    profile.account.problem =
        "this report is on an earlier moment, and the map of the process is that of its end";
  }
}

Profile ProfileBuilder::finish() {
  Profile profile;
  ledger_.find_oldest();
  profile.process = process_;
  profile.process.map = nullptr;  // the reader's
  add_totals(profile);
  profile.peak = ledger_.peak();
  profile.peak_after_ns = peak_after_ns_;
  profile.events = ledger_.events();
  profile.unknown_releases = ledger_.unknown_releases();
  const Site* const peak_site = names_.find(origins_.site(profile.peak.origin));
  if (profile.peak.event != 0 && peak_site != nullptr) {
    profile.peak_site = shown_site(stack_names_.name_of(*peak_site), false);
  }
  add_stacks(profile);
  profile.snapshots = marks_.snapshots();
  std::erase_if(profile.snapshots, [&](const Snapshot& snapshot) {
    return range_.is_noted() && snapshot.event < range_.event();
  });
  for (Snapshot& snapshot : profile.snapshots) snapshot.sites = sites_of(snapshot.growth);
  profile.whole_peak = whole_peak_;
  const Site* const whole_peak_site = names_.find(origins_.site(whole_peak_origin_));
  if (whole_peak_.bytes != 0 && whole_peak_site != nullptr) {
    profile.whole_peak.site = shown_site(stack_names_.name_of(*whole_peak_site), false);
  }
  profile.resident = resident_;
  profile.rounds = rounds_of(profile.snapshots);
  profile.mappings = mappings_.finish();
  add_account(profile);
  add_history(profile);
  profile.tree = stack_names_.take_tree();
  profile.sites = rows_by_line(profile.tree, profile.stacks);
  return profile;
}

Vector<std::uint64_t> ProfileBuilder::leaked_calls() {
  Vector<std::uint64_t> calls;
  ledger_.blocks().for_each([&](const LiveBlock& block) {
    if (exemptions_.of(block) == Exemption::None) calls.push_back(block.event);
  });
  std::sort(calls.begin(), calls.end());
  return calls;
}

std::size_t& ProfileBuilder::StackNumbers::of(CallNode node, std::uint32_t part, CallNode end) {
  if (part != 0) return by_part[(std::uint64_t{part} << 32) | node];
  if (node >= by_node.size()) by_node.resize(end);
  return by_node[node];
}

StackStats& ProfileBuilder::stack_of(Profile& profile, StackNumbers& numbers, OriginId origin) {
  const CallNode node = stack_names_.node_of(origin);
  const std::uint32_t part = origins_.part(origin);
  std::size_t& number = numbers.of(node, part, static_cast<CallNode>(tree().end()));
  if (number == 0) {
    StackStats& stats = profile.stacks.emplace_back();
    stats.node = node;
    stats.part = part;
    number = profile.stacks.size();
  }
  return profile.stacks[number - 1];
}

Usage ProfileBuilder::usage_of(OriginId origin) {
  Usage usage;
  usage.totals = ledger_.of(origin);
  if (range_.is_noted()) {
    const RangeUse use = range_.of(origin, usage.totals);
    usage.totals = use.totals;
    usage.freed = use.freed;
  }
  const auto then = at_peak_.find(origin);
  if (then != at_peak_.end()) usage.at_peak = then->second;
  return usage;
}

void ProfileBuilder::add_stacks(Profile& profile) {
  HashMap<OriginId, std::array<Amount, kExemptions>> exempt;
  ledger_.blocks().for_each([&](const LiveBlock& block) {
    const Exemption why = exemptions_.of(block);
    if (why == Exemption::None || (range_.is_noted() && !range_.has(block))) return;
    exempt[block.origin][static_cast<std::size_t>(why)].add({block.bytes, 1});
  });
  StackNumbers numbers;
  for (const OriginId origin : ledger_.origins()) {
    if (names_.find(origins_.site(origin)) == nullptr) continue;
    Usage usage = usage_of(origin);
    const std::uint64_t there =
        usage.totals.allocated.blocks + usage.freed.blocks + usage.at_peak.blocks;
    if (there == 0) continue;  // before the range
    const auto set_aside = exempt.find(origin);
    if (set_aside != exempt.end()) usage.exempt = set_aside->second;
    stack_of(profile, numbers, origin).add(usage);
  }
  if (!counts_mappings_) return;
  mappings_.ledger().for_each_range(
      [&](const MappedRange& range, const MappingLedger::Row& row, OriginId origin) {
        if (row.use != MappedFor::Memory) return;
        if (filter_ != nullptr && !selected_mappings_[origin]) return;
        stack_of(profile, numbers, origin).mapped.add({range.bytes(), 1});
      });
}

void ProfileBuilder::add_history(Profile& profile) {
  if (!history_) return;
  history_->blocks.end();
  ledger_.blocks().for_each([&](const LiveBlock& block) {
    history_->blocks.on_alive(block.origin, block.thread, block.event, block.bytes,
                              exemptions_.of(block) != Exemption::None);
  });
  profile.history = {history_->curve.finish(), history_->blocks.finish()};
  Vector<BlockLives>& lives = profile.history.blocks.lives;
  std::erase_if(lives, [&](BlockLives& each) {
    const bool is_known = names_.find(origins_.site(each.origin)) != nullptr;
    if (is_known) each.origin = stack_names_.node_of(each.origin);
    return !is_known;
  });
  join(lives);
}

Vector<Rounds> ProfileBuilder::rounds_of(const Vector<Snapshot>& snapshots) {
  RoundsBuilder builder;
  for (const Snapshot& snapshot : snapshots) {
    if (!ends_round(snapshot.name, snapshot.growth.since)) continue;
    builder.begin(snapshot.name);
    for (const OriginChange& each : snapshot.growth.origins) {
      if (names_.find(origins_.site(each.origin)) == nullptr) continue;
      builder.add(stack_names_.node_of(each.origin), each.size, each.change);
    }
  }
  marks_.for_each_kept([&](const String& name, const KeptRounds& kept) {
    if (!builder.select(name)) return;
    for (const auto& [origin, rounds] : kept.by_origin) {
      if (names_.find(origins_.site(origin)) == nullptr) continue;
      builder.keep(stack_names_.node_of(origin), rounds, kept.spans.size());
    }
  });
  return builder.take();
}

Vector<SiteGrowth> ProfileBuilder::sites_of(const Growth& growth) {
  Vector<SiteGrowth> sites;
  for (const OriginChange& each : growth.origins) {
    if (names_.find(origins_.site(each.origin)) == nullptr) continue;
    const CallNode node = stack_names_.node_of(each.origin);
    sites.push_back({tree().frame(tree().line_of(node)), each.change, node, each.change, 1});
  }
  std::sort(sites.begin(), sites.end(),
            [](const SiteGrowth& a, const SiteGrowth& b) { return a.node < b.node; });
  // Growths of one stack are one before the largest stack of a line is found.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (kept != 0 && sites[kept - 1].node == sites[i].node) {
      sites[kept - 1].change.add(sites[i].change);
      sites[kept - 1].change_of_node = sites[kept - 1].change;
    } else {
      if (kept != i) sites[kept] = std::move(sites[i]);
      ++kept;
    }
  }
  sites.resize(kept);
  join_same(sites, [](SiteGrowth& entry, const SiteGrowth& other) {
    entry.change.add(other.change);
    entry.stacks += other.stacks;
    if (other.change_of_node.bytes > entry.change_of_node.bytes) {
      entry.node = other.node;
      entry.change_of_node = other.change_of_node;
    }
  });
  std::erase_if(sites, [](const SiteGrowth& entry) { return !entry.change; });
  std::sort(sites.begin(), sites.end(), grew_more);
  return sites;
}

}  // namespace pymemflow::report
