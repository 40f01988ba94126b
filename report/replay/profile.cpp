#include "report/replay/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

auto name_of(const Place& place) {
  return std::tie(place.has_frame, place.file, place.function, place.line, place.caller);
}

bool comes_first(const PlaceUse& a, const PlaceUse& b) {
  if (a.holding.bytes != b.holding.bytes) return a.holding.bytes > b.holding.bytes;
  if (a.holding.blocks != b.holding.blocks) return a.holding.blocks > b.holding.blocks;
  return name_of(a.place) < name_of(b.place);
}

bool grew_more(const PlaceChange& a, const PlaceChange& b) {
  if (a.change.bytes != b.change.bytes) return a.change.bytes > b.change.bytes;
  if (a.change.blocks != b.change.blocks) return a.change.blocks > b.change.blocks;
  return name_of(a.place) < name_of(b.place);
}

// Makes one of those that have the same place, in the order of places.
template <typename Use, typename Join>
void join_same(Vector<Use>& uses, Join join) {
  std::sort(uses.begin(), uses.end(),
            [](const Use& a, const Use& b) { return name_of(a.place) < name_of(b.place); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (kept != 0 && name_of(uses[kept - 1].place) == name_of(uses[i].place)) {
      join(uses[kept - 1], uses[i]);
    } else {
      if (kept != i) uses[kept] = std::move(uses[i]);
      ++kept;
    }
  }
  uses.resize(kept);
}

}  // namespace

Amount PlaceUse::leaked() const {
  Amount rest = {holding.blocks, holding.bytes};
  for (const Amount& amount : aside) {
    rest.blocks -= amount.blocks;
    rest.bytes -= amount.bytes;
  }
  return rest;
}

std::string_view usage_problem(const CaptureReader& reader) {
  switch (reader.head().mode) {
    case RecordMode::Full:
      return {};
    case RecordMode::Ring:
      return "holds the last events of each thread alone: what is alive cannot be known";
    case RecordMode::Sums:
      return "holds no events, only their sums: what is alive cannot be known";
  }
  return "holds events in a way that is not known";
}

void UsageBuilder::on_event(const Event& event, const Site* site) {
  const std::uint64_t start = reader_.head().started_monotonic_ns;
  if (event.mark != Mark::None) {
    if (event.mark != Mark::Named) return;
    marks_.on_mark(reader_.mark_name(), std::max(reader_.mark_ns(), start) - start);
    return;
  }
  const bool is_peak = ledger_.on_event(event);
  imports_.on_event(event, *site, ledger_.events());
  marks_.on_event();
  if (is_peak) peak_after_ns_ = std::max(reader_.block_opened_ns(), start) - start;
}

Usage UsageBuilder::finish() {
  Usage usage;
  ledger_.find_oldest();
  usage.total = ledger_.total();
  usage.peak = ledger_.peak();
  usage.peak_after_ns = peak_after_ns_;
  usage.events = ledger_.events();
  usage.unknown_releases = ledger_.unknown_releases();
  const Site* const peak_site = reader_.find_site(usage.peak.site);
  if (usage.peak.event != 0 && peak_site != nullptr) {
    usage.peak_place = shown_place(place_of(*peak_site), false);
  }
  add_places(usage);
  usage.marks = marks_.all();
  for (const MarkUse& mark : usage.marks) usage.mark_changes.push_back(places_of(mark.growth));
  return usage;
}

void UsageBuilder::add_places(Usage& usage) {
  Vector<PlaceUse>& places = usage.places;
  HashMap<SiteId, std::array<Amount, kAsides>> amounts;
  for (const auto& [address, block] : ledger_.blocks()) {
    const Aside why = asides_.of(block);
    if (why == Aside::None) continue;
    amounts[block.site][static_cast<std::size_t>(why)].add({1, block.bytes});
  }
  for (const SiteId number : ledger_.sites()) {
    const Site* const site = reader_.find_site(number);
    if (site == nullptr) continue;
    places.push_back({place_of(*site), ledger_.of(number), amounts[number]});
  }
  join_same(places, [](PlaceUse& use, const PlaceUse& other) {
    use.holding.add(other.holding);
    for (std::size_t why = 0; why < kAsides; ++why) use.aside[why].add(other.aside[why]);
  });
  std::sort(places.begin(), places.end(), comes_first);
}

Vector<PlaceChange> UsageBuilder::places_of(const Growth& growth) {
  Vector<PlaceChange> changes;
  for (const SiteChange& each : growth.sites) {
    const Site* const site = reader_.find_site(each.site);
    if (site != nullptr) changes.push_back({place_of(*site), each.change});
  }
  join_same(changes,
            [](PlaceChange& change, const PlaceChange& other) { change.change.add(other.change); });
  std::erase_if(changes, [](const PlaceChange& change) { return !change.change; });
  std::sort(changes.begin(), changes.end(), grew_more);
  return changes;
}

Place UsageBuilder::place_of(const Site& site) {
  Place place;
  place.has_frame = site.has_frame;
  if (site.has_frame) {
    place.file = site.file;
    place.function = site.function;
    place.line = site.line;
    return place;
  }
  place.caller = symbols_.name(site.address, site.module);
  const bool is_known = site.module != 0 && site.module <= reader_.modules().size();
  if (is_known) place.module = reader_.modules()[site.module - 1].path;
  return place;
}

String shown_place(const Place& place, bool full_file_path) {
  const Names names = {.full_file_path = full_file_path};
  if (!place.has_frame) return shown_function(names, place.caller);
  String text = shown_file(names, place.file);
  fmt::format_to(std::back_inserter(text), ":{} ", place.line);
  text += shown_function(names, place.function);
  return text;
}

}  // namespace pymemflow::report
