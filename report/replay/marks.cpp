#include "report/replay/marks.h"

#include <algorithm>
#include <utility>

namespace pymemflow::report {
namespace {

// Limits the memory for a program that sets marks of ever new names.
constexpr std::size_t kMaxMoments = 256;

constexpr std::string_view kBegin = " begin";
constexpr std::string_view kEnd = " end";

}  // namespace

String begin_of_section(std::string_view name) {
  if (!name.ends_with(kEnd)) return {};
  String begin(name.substr(0, name.size() - kEnd.size()));
  begin += kBegin;
  return begin;
}

void Marks::on_mark(std::string_view name, std::uint64_t after_ns, const Event& reading) {
  const Amount live = ledger_.total().live;
  Moment moment = {String(name), ledger_.events(), live.bytes, live, count()};
  for (Moment& each : moments_) each.peak_bytes = std::max(each.peak_bytes, peak_bytes_);
  peak_bytes_ = 0;
  if (keep_ == Keep::All) {
    Snapshot snapshot;
    snapshot.name = moment.name;
    snapshot.event = moment.event;
    snapshot.after_ns = after_ns;
    snapshot.live = moment.live;
    snapshot.resident = reading.arguments[0];
    snapshot.heaps = reading.arguments[1];
    snapshot.free_in_heaps = reading.arguments[2];
    if (const Moment* const earlier = earlier_for(name)) {
      snapshot.growth = growth_from(*earlier, moment.counted);
    }
    snapshots_.push_back(std::move(snapshot));
  }
  keep(std::move(moment));
}

bool Marks::since(std::string_view name, Growth& growth) const {
  const Moment* const moment = find(name);
  if (moment != nullptr) growth = growth_from(*moment, count());
  return moment != nullptr;
}

Marks::LiveByOrigin Marks::count() const {
  LiveByOrigin live;
  ledger_.blocks().for_each([&](const LiveBlock& block) {
    const Exemption why = exemptions_.of(block);
    if (why != Exemption::None && why != Exemption::Object) return;
    live[block.origin].add({block.bytes, 1});
  });
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
  const auto add = [&](OriginId origin, const Amount& before, const Amount& after) {
    const Change change = change_between(before, after);
    if (!change) return;
    growth.counted.add(change);
    growth.origins.push_back({origin, change});
  };
  for (const auto& [origin, after] : now) {
    const auto before = moment.counted.find(origin);
    add(origin, before == moment.counted.end() ? Amount{} : before->second, after);
  }
  for (const auto& [origin, before] : moment.counted) {
    if (now.find(origin) == now.end()) add(origin, before, {});
  }
  return growth;
}

void Marks::keep(Moment moment) {
  const auto same = std::find_if(moments_.begin(), moments_.end(),
                                 [&](const Moment& each) { return each.name == moment.name; });
  if (same != moments_.end()) {
    moments_.erase(same);
  } else if (moments_.size() == kMaxMoments) {
    moments_.erase(moments_.begin());
  }
  moments_.push_back(std::move(moment));
}

}  // namespace pymemflow::report
