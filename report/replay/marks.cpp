#include "report/replay/marks.h"

#include <algorithm>
#include <utility>

namespace pymemflow::report {
namespace {

// Limits the memory for a program that sets marks of ever new names.
constexpr std::size_t kMaxMoments = 256;

// An origin, and the size of a small object.
constexpr unsigned kSizeBits = 10;
constexpr std::uint64_t kSizeMask = (std::uint64_t{1} << kSizeBits) - 1;
static_assert(kNoObject == kSizeMask);

std::uint64_t key_of(const LiveBlock& block) {
  const std::uint64_t size = block.is_object != 0 ? block.bytes : kNoObject;
  return std::uint64_t{block.origin} << kSizeBits | size;
}

constexpr std::string_view kBegin = " begin";
constexpr std::string_view kEnd = " end";

}  // namespace

String begin_of_section(std::string_view name) {
  if (!name.ends_with(kEnd)) return {};
  String begin(name.substr(0, name.size() - kEnd.size()));
  begin += kBegin;
  return begin;
}

bool ends_round(std::string_view name, std::string_view since) {
  return since == name || (!since.empty() && since == begin_of_section(name));
}

void KeptRounds::add(const LiveBlock& block) {
  if (block.event <= spans.front().first) return;
  const auto after =
      std::upper_bound(spans.begin(), spans.end(), block.event,
                       [](std::uint64_t event, const Span& span) { return event <= span.first; });
  const auto number = static_cast<std::size_t>(after - spans.begin()) - 1;
  if (block.event > spans[number].last) return;  // between two sections
  Vector<std::uint32_t>& rounds = by_origin[block.origin];
  if (rounds.empty() || rounds.back() != number) {
    rounds.push_back(static_cast<std::uint32_t>(number));
  }
}

void KeptRounds::sort() {
  for (auto& [origin, rounds] : by_origin) {
    std::sort(rounds.begin(), rounds.end());
    rounds.erase(std::unique(rounds.begin(), rounds.end()), rounds.end());
  }
}

void Marks::on_mark(std::string_view name, std::uint64_t after_ns, const Event& reading,
                    Vector<std::uint64_t> mapped) {
  const Amount live = ledger_.total().live;
  const Moment* const earlier = earlier_for(name);
  KeptRounds* kept = nullptr;
  if (keep_ == Keep::All && earlier != nullptr && ends_round(name, earlier->name)) {
    kept = &kept_[String(name)];
    kept->spans.push_back({earlier->event, ledger_.events()});
  }
  Moment moment = {String(name), ledger_.events(), live.bytes, live, count(kept)};
  moment.mapped = std::move(mapped);
  moment.resident = reading.arguments[0];
  moment.whole = moment.whole_peak = live.bytes + mapped_;
  for (Moment& each : moments_) {
    each.peak_bytes = std::max(each.peak_bytes, peak_bytes_);
    each.whole_peak = std::max(each.whole_peak, whole_peak_);
  }
  peak_bytes_ = whole_peak_ = 0;
  if (keep_ == Keep::All) {
    Snapshot snapshot;
    snapshot.name = moment.name;
    snapshot.event = moment.event;
    snapshot.after_ns = after_ns;
    snapshot.live = moment.live;
    snapshot.resident = reading.arguments[0];
    snapshot.heaps = reading.arguments[1];
    snapshot.free_in_heaps = reading.arguments[2];
    if (earlier != nullptr) snapshot.growth = growth_from(*earlier, moment.counted);
    snapshots_.push_back(std::move(snapshot));
  }
  keep(std::move(moment));
}

bool Marks::since(std::string_view name, Growth& growth) const {
  const Moment* const moment = find(name);
  if (moment == nullptr) return false;
  growth = growth_from(*moment, count(nullptr));
  growth.mapped_then = moment->mapped;
  growth.resident_then = moment->resident;
  growth.rise = std::max(moment->whole_peak, whole_peak_) - moment->whole;
  return true;
}

Marks::LiveByOrigin Marks::count(KeptRounds* kept) const {
  LiveByOrigin live;
  if (kept != nullptr) kept->by_origin.clear();
  ledger_.blocks().for_each([&](const LiveBlock& block) {
    const Exemption why = exemptions_.of(block);
    if (why != Exemption::None && why != Exemption::Object) return;
    live[key_of(block)].add({block.bytes, 1});
    if (kept != nullptr) kept->add(block);
  });
  if (kept != nullptr) kept->sort();
  return live;
}

const Marks::Moment* Marks::find(std::string_view name) const {
  const auto found = std::find_if(moments_.begin(), moments_.end(),
                                  [=](const Moment& each) { return each.name == name; });
  return found == moments_.end() ? nullptr : &*found;
}

const Marks::Moment* Marks::earlier_for(std::string_view name) const {
  if (name.ends_with(kBegin)) return nullptr;
  if (name.ends_with(kEnd)) return find(begin_of_section(name));
  const Moment* const same = find(name);
  return same != nullptr || moments_.empty() ? same : &moments_.back();
}

Growth Marks::growth_from(const Moment& moment, const LiveByOrigin& now) const {
  Growth growth;
  growth.since = moment.name;
  growth.since_event = moment.event;
  growth.peak_bytes = std::max(moment.peak_bytes, peak_bytes_);
  growth.live = change_between(moment.live, ledger_.total().live);
  const auto add = [&](std::uint64_t key, const Amount& before, const Amount& after) {
    const Change change = change_between(before, after);
    if (!change) return;
    growth.counted.add(change);
    growth.origins.push_back({static_cast<OriginId>(key >> kSizeBits),
                              static_cast<std::uint16_t>(key & kSizeMask), change});
  };
  for (const auto& [key, after] : now) {
    const auto before = moment.counted.find(key);
    add(key, before == moment.counted.end() ? Amount{} : before->second, after);
  }
  for (const auto& [key, before] : moment.counted) {
    if (now.find(key) == now.end()) add(key, before, {});
  }
  return growth;
}

void Marks::keep(Moment moment) {
  const auto same = std::find_if(moments_.begin(), moments_.end(),
                                 [&](const Moment& each) { return each.name == moment.name; });
  if (same != moments_.end()) {
    moments_.erase(same);
  } else if (moments_.size() == kMaxMoments) {
    kept_.erase(moments_.front().name);
    moments_.erase(moments_.begin());
  }
  moments_.push_back(std::move(moment));
}

}  // namespace pymemflow::report
