#include "report/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "report/asides.h"
#include "report/names.h"

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

}  // namespace

void Amount::add(const Amount& other) {
  blocks += other.blocks;
  bytes += other.bytes;
}

Amount PlaceUse::leaked() const {
  Amount rest = {holding.blocks, holding.bytes};
  for (const Amount& amount : aside) {
    rest.blocks -= amount.blocks;
    rest.bytes -= amount.bytes;
  }
  return rest;
}

std::string_view usage_problem(const CaptureReader& reader) {
  using interpose::RecordMode;
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

void UsageBuilder::on_event(const interpose::Event& event, const Site& site) {
  const bool is_peak = ledger_.on_event(event);
  imports_.on_event(event, site, ledger_.events());
  if (site.has_frame) first_frame_ = std::min(first_frame_, ledger_.events());
  if (!is_peak) return;
  const std::uint64_t start = reader_.head().started_monotonic_ns;
  peak_after_ns_ = std::max(reader_.block_opened_ns(), start) - start;
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
  return usage;
}

void UsageBuilder::add_places(Usage& usage) {
  Vector<PlaceUse>& places = usage.places;
  HashMap<interpose::SiteId, std::array<Amount, kAsides>> amounts;
  set_aside(amounts);
  for (const interpose::SiteId number : ledger_.sites()) {
    const Site* const site = reader_.find_site(number);
    if (site == nullptr) continue;
    places.push_back({place_of(*site), ledger_.of(number), amounts[number]});
    PlaceUse& use = places.back();
    Amount& engine = use.aside[static_cast<std::size_t>(Aside::Engine)];
    switch (engine_use(use.place)) {
      case EngineUse::None:
        engine = {};
        break;
      case EngineUse::Start:
        break;
      case EngineUse::Always:
        use.aside = {};
        engine = {use.holding.blocks, use.holding.bytes};
        break;
    }
  }
  std::sort(places.begin(), places.end(), [](const PlaceUse& a, const PlaceUse& b) {
    return name_of(a.place) < name_of(b.place);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (kept != 0 && name_of(places[kept - 1].place) == name_of(places[i].place)) {
      places[kept - 1].holding.add(places[i].holding);
      for (std::size_t why = 0; why < kAsides; ++why) {
        places[kept - 1].aside[why].add(places[i].aside[why]);
      }
    } else {
      if (kept != i) places[kept] = std::move(places[i]);
      ++kept;
    }
  }
  places.resize(kept);
  std::sort(places.begin(), places.end(), comes_first);
}

void UsageBuilder::set_aside(HashMap<interpose::SiteId, std::array<Amount, kAsides>>& amounts) {
  const auto set = [&](const Ledger::Block& block, Aside why) {
    amounts[block.site][static_cast<std::size_t>(why)].add({1, block.bytes});
  };
  for (const auto& [address, block] : ledger_.blocks()) {
    const Site* const site = reader_.find_site(block.site);
    if (site == nullptr) continue;
    const bool is_import = imports_.covers(block.thread, block.event);
    const bool is_start = !site->has_frame && block.event < first_frame_;
    const std::optional<Aside> why = is_import  ? Aside::Import
                                     : is_start ? Aside::Engine
                                                : aside_of(*site);
    if (why) set(block, *why);
  }
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
