#include "report/mappings/mapping_ledger.h"

#include <utility>

namespace pymemflow::report {
namespace {

// The end of a range, whose call fails if that is beyond the address space.
std::uint64_t end_of(std::uint64_t start, std::uint64_t bytes) {
  return start + bytes < start ? start : start + bytes;
}

MappedFor use_asked(std::uint16_t traits) {
  if ((traits & kMapsInaccessible) != 0) return MappedFor::Reserved;
  if ((traits & kMapsFile) != 0) return MappedFor::Files;
  return (traits & kMapsStack) != 0 ? MappedFor::Stacks : MappedFor::Memory;
}

std::uint64_t number_of(const MappingOwner& owner) {
  return static_cast<std::uint64_t>(owner.kind) << 32 | owner.module;
}

}  // namespace

std::size_t MappingLedger::KeyHash::operator()(const Key& key) const {
  std::uint64_t mixed = key.owner * 0x9e3779b97f4a7c15;
  mixed = (mixed ^ mixed >> 29 ^ key.rest) * 0xd6e8feb86659fd93;
  return mixed ^ mixed >> 32;
}

void MappingLedger::on_event(const Event& event, const MappingSource& source) {
  switch (event.mapping.step) {
    case MappingStep::Mapped:
      map(event.result, event.arguments[2], use_asked(event.mapping.traits), source);
      break;
    case MappingStep::Releasing:
      release(event);
      break;
    case MappingStep::Failed:
      if (Release* const release = find_release(event)) put_back(*release);
      break;
    case MappingStep::Moved:
    case MappingStep::Copied:
      move(event, source);
      break;
  }
}

void MappingLedger::map(std::uint64_t start, std::uint64_t bytes, MappedFor use,
                        const MappingSource& source) {
  const std::uint64_t end = end_of(start, bytes);
  if (start == end) return;
  Vector<MappedRange> replaced;
  ranges_.take(start, end, replaced);
  for (const MappedRange& range : replaced) subtract(range);
  const MappedRange range = {start, end, use_number(use, source)};
  ranges_.put(range);
  uses_[range.use].live += range.bytes();
  change_totals(range, [&](MappingTotals& totals) { totals.add(range.bytes()); });
}

template <typename Change>
void MappingLedger::change_totals(const MappedRange& range, Change change) {
  Row& row = rows_[uses_[range.use].row];
  change(row.totals);
  change(totals_[static_cast<std::size_t>(row.use)]);
  if (row.owner.kind == MappingOwner::Kind::Arenas) change(arenas_);
}

void MappingLedger::subtract(const MappedRange& range) {
  uses_[range.use].live -= range.bytes();
  change_totals(range, [&](MappingTotals& totals) { totals.live -= range.bytes(); });
}

void MappingLedger::release(const Event& event) {
  Release& release = releases_[next_release_++ % kReleases];
  release = {event.thread, event.arguments[0], event.arguments[1], {}};
  ranges_.take(release.address, end_of(release.address, release.bytes), release.ranges);
  for (const MappedRange& range : release.ranges) subtract(range);
  if (release.ranges.empty()) ++unknown_releases_;
}

MappingLedger::Release* MappingLedger::find_release(const Event& event) {
  for (std::size_t back = 1; back <= kReleases; ++back) {
    Release& release = releases_[(next_release_ - back) % kReleases];
    if (release.thread == event.thread && release.address == event.arguments[0] &&
        release.bytes == event.arguments[1]) {
      return &release;
    }
  }
  return nullptr;
}

void MappingLedger::put_back(Release& release) {
  // In a damaged record other ranges may be there by now: they stay.
  for (const MappedRange& range : release.ranges) {
    Vector<MappedRange> others;
    ranges_.take(range.start, range.end, others);
    if (others.empty()) {
      ranges_.put(range);
      uses_[range.use].live += range.bytes();
      change_totals(range, [&](MappingTotals& totals) { totals.add_again(range.bytes()); });
    } else {
      for (const MappedRange& other : others) ranges_.put(other);
    }
  }
  release = {};
}

void MappingLedger::move(const Event& event, const MappingSource& source) {
  Release* const release = find_release(event);
  MappedFor use = MappedFor::Memory;
  if (release != nullptr && !release->ranges.empty()) {
    use = use_of(release->ranges.front());
  } else if (const MappedRange* const old = ranges_.find(event.arguments[0])) {
    use = use_of(*old);  // of an old size of 0: another mapping of the same pages
  }
  if (release != nullptr) {
    if (event.mapping.step == MappingStep::Copied) {
      put_back(*release);
    } else {
      *release = {};
    }
  }
  map(event.result, event.arguments[2], use, source);
}

std::uint32_t MappingLedger::use_number(MappedFor use, const MappingSource& source) {
  const std::uint64_t owner = number_of(source.owner) << 2 | static_cast<std::uint64_t>(use);
  const auto [found, is_new] =
      use_numbers_.try_emplace(Key{owner, source.origin}, static_cast<std::uint32_t>(uses_.size()));
  if (!is_new) return found->second;
  const auto [row, is_new_row] =
      row_numbers_.try_emplace(Key{owner, source.name}, static_cast<std::uint32_t>(rows_.size()));
  if (is_new_row) rows_.push_back({source.owner, use, source.name, {}, 0});
  uses_.push_back({row->second, source.origin, 0});
  return found->second;
}

Vector<std::uint64_t> MappingLedger::mapped_by_use() const {
  Vector<std::uint64_t> mapped;
  for (const Use& use : uses_) mapped.push_back(use.live);
  return mapped;
}

void MappingLedger::find_growth() {
  struct Growth {
    std::int64_t all = 0;
    std::int64_t most = 0;
    OriginId origin = 0;
  };
  Vector<Growth> now(rows_.size());
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    const std::uint64_t then = i < live_then_.size() ? live_then_[i] : 0;
    const auto growth = static_cast<std::int64_t>(uses_[i].live - then);
    Growth& row = now[uses_[i].row];
    row.all += growth;
    if (growth <= row.most) continue;
    row.most = growth;
    row.origin = uses_[i].origin;
  }
  latest_growth_.resize(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const bool is_more = now[i].all >= latest_growth_[i];
    rows_[i].growth = is_more ? now[i].all : latest_growth_[i];
    if (is_more) rows_[i].grown_origin = now[i].origin;
    latest_growth_[i] = now[i].all;
  }
}

void MappingLedger::find_origins() {
  Vector<std::uint64_t> most(rows_.size(), 0);
  for (const Use& use : uses_) {
    Row& row = rows_[use.row];
    if (row.origin != 0 && use.live <= most[use.row]) continue;
    row.origin = use.origin;
    most[use.row] = use.live;
  }
}

}  // namespace pymemflow::report
