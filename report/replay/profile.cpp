#include "report/replay/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

// The events between the fetch of a ledger's entry and its use: enough for memory to answer, and
// few enough for the processor's cache to keep.
constexpr std::size_t kFetchedAhead = 16;

bool has_more(const SiteStats& a, const SiteStats& b) {
  const Amount& left = a.totals.live;
  const Amount& right = b.totals.live;
  if (left.bytes != right.bytes) return left.bytes > right.bytes;
  if (left.blocks != right.blocks) return left.blocks > right.blocks;
  return a.site.key() < b.site.key();
}

bool grew_more(const SiteGrowth& a, const SiteGrowth& b) {
  if (a.change.bytes != b.change.bytes) return a.change.bytes > b.change.bytes;
  if (a.change.blocks != b.change.blocks) return a.change.blocks > b.change.blocks;
  return a.site.key() < b.site.key();
}

// Joins the entries of sites with the same name. Leaves them sorted by name.
template <typename Entry, typename Join>
void join_same(Vector<Entry>& entries, Join join) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.site.key() < b.site.key(); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept != 0 && entries[kept - 1].site.key() == entries[i].site.key()) {
      join(entries[kept - 1], entries[i]);
    } else {
      if (kept != i) entries[kept] = std::move(entries[i]);
      ++kept;
    }
  }
  entries.resize(kept);
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

Amount SiteStats::leaked() const {
  Amount rest = totals.live;
  for (const Amount& amount : exempt) rest.subtract(amount);
  return rest;
}

ProfileBuilder::ProfileBuilder(ProcessInfo process, const NameTable& names, Symbols& symbols,
                               Marks::Keep keep)
    : process_(std::move(process)),
      names_(names),
      symbols_(symbols),
      imports_(process_.command_line),
      exemptions_(names, imports_, symbols),
      marks_(ledger_, exemptions_, keep) {}

void ProfileBuilder::on_event(const Event& event, const Site& site) {
  const bool is_peak = ledger_.on_event(event);
  imports_.on_event(event, site, ledger_.events());
  marks_.on_event();
  if (is_peak) peak_after_ns_ = since_start(event);
}

void ProfileBuilder::on_mark(const Event& mark) {
  marks_.on_mark(mark.name, since_start(mark));
}

void ProfileBuilder::on_events(const EventBatch& batch) {
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
      on_event(event, *batch.sites[i]);
    } else if (event.kind == EventKind::Mark) {
      on_mark(event);
    }
  }
}

void ProfileBuilder::on_events(std::span<const Event> events) {
  EventBatch batch;
  for (const Event& event : events) {
    const Site* const site = names_.find(event.site);
    if (site == nullptr && event.kind != EventKind::Mark) continue;
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

Profile ProfileBuilder::finish() {
  Profile profile;
  ledger_.find_oldest();
  profile.process = process_;
  profile.total = ledger_.total();
  profile.peak = ledger_.peak();
  profile.peak_after_ns = peak_after_ns_;
  profile.events = ledger_.events();
  profile.unknown_releases = ledger_.unknown_releases();
  const Site* const peak_site = names_.find(profile.peak.site);
  if (profile.peak.event != 0 && peak_site != nullptr) {
    profile.peak_site = shown_site(name_of(*peak_site), false);
  }
  add_sites(profile);
  profile.snapshots = marks_.snapshots();
  for (Snapshot& snapshot : profile.snapshots) snapshot.sites = sites_of(snapshot.growth);
  return profile;
}

void ProfileBuilder::add_sites(Profile& profile) {
  HashMap<SiteId, std::array<Amount, kExemptions>> exempt;
  ledger_.blocks().for_each([&](const LiveBlock& block) {
    const Exemption why = exemptions_.of(block);
    if (why == Exemption::None) return;
    exempt[block.site][static_cast<std::size_t>(why)].add({block.bytes, 1});
  });
  Vector<SiteStats>& sites = profile.sites;
  for (const SiteId number : ledger_.sites()) {
    const Site* const site = names_.find(number);
    if (site == nullptr) continue;
    sites.push_back({name_of(*site), ledger_.of(number), exempt[number]});
  }
  join_same(sites, [](SiteStats& stats, const SiteStats& other) {
    stats.totals.add(other.totals);
    for (std::size_t why = 0; why < kExemptions; ++why) stats.exempt[why].add(other.exempt[why]);
  });
  std::sort(sites.begin(), sites.end(), has_more);
}

Vector<SiteGrowth> ProfileBuilder::sites_of(const Growth& growth) {
  Vector<SiteGrowth> sites;
  for (const SiteChange& each : growth.sites) {
    const Site* const site = names_.find(each.site);
    if (site != nullptr) sites.push_back({name_of(*site), each.change});
  }
  join_same(sites,
            [](SiteGrowth& entry, const SiteGrowth& other) { entry.change.add(other.change); });
  std::erase_if(sites, [](const SiteGrowth& entry) { return !entry.change; });
  std::sort(sites.begin(), sites.end(), grew_more);
  return sites;
}

SiteName ProfileBuilder::name_of(const Site& site) {
  SiteName name;
  name.has_frame = site.has_frame;
  if (site.has_frame) {
    name.file = site.file;
    name.function = site.function;
    name.line = site.line;
    return name;
  }
  name.caller = symbols_.name(site.address, site.module);
  const Vector<Module>& modules = names_.modules();
  const bool is_known = site.module != 0 && site.module <= modules.size();
  if (is_known) name.module = modules[site.module - 1].path;
  return name;
}

String shown_site(const SiteName& site, bool full_file_path) {
  const Names names = {.full_file_path = full_file_path};
  if (!site.has_frame) return shown_function(names, site.caller);
  String text = shown_file(names, site.file);
  fmt::format_to(std::back_inserter(text), ":{} ", site.line);
  text += shown_function(names, site.function);
  return text;
}

}  // namespace pymemflow::report
