#include "report/account/claims.h"

#include <algorithm>
#include <utility>

namespace pymemflow::report {

void Claims::add_heap(std::uint64_t start, std::uint64_t end) {
  heaps_.push_back({.start = start, .end = end, .part = AccountPart::free, .is_heap = true});
}

void Claims::add_from(const ProcessMap& map) {
  for (const MapArea& note : map.notes()) {
    if (note.kind != AreaKind::Own) continue;
    claims_.push_back({.start = note.start, .end = note.end, .part = AccountPart::own});
  }
  const Vector<MapArea>& areas = map.areas();
  for (std::size_t i = 0; i < areas.size(); ++i) {
    const MapArea& area = areas[i];
    if (area.kind == AreaKind::Heap) add_heap(area.start, area.end);
    if (area.kind != AreaKind::Anonymous || i + 1 == areas.size()) continue;
    // A heap that has not grown to its full size is followed by the rest of it.
    const MapArea& rest = areas[i + 1];
    const bool is_rest = rest.start == area.end && rest.kind == AreaKind::Inaccessible &&
                         rest.end % kHeapBytes == 0 && rest.bytes() < kHeapBytes;
    const std::uint64_t last = area.end / kHeapBytes * kHeapBytes;
    if (is_rest && last >= area.start && last != area.end) add_heap(last, area.end);
  }
}

void Claims::add_heap_around(const ProcessMap& map, std::uint64_t address) {
  const MapArea* const area = map.find(address);
  if (area == nullptr || area->kind != AreaKind::Anonymous) return;
  const std::uint64_t start = address / kHeapBytes * kHeapBytes;
  add_heap(std::max(area->start, start), std::min(area->end, start + kHeapBytes));
}

void Claims::sort() {
  latest_ = 0;
  claims_.insert(claims_.end(), heaps_.begin(), heaps_.end());
  heaps_.clear();
  std::sort(claims_.begin(), claims_.end(), [](const Claim& a, const Claim& b) {
    return a.is_heap != b.is_heap ? b.is_heap : a.start < b.start;
  });
  const auto heaps = std::partition_point(claims_.begin(), claims_.end(),
                                          [](const Claim& claim) { return !claim.is_heap; });
  Vector<Claim> disjoint;
  std::uint64_t end = 0;
  for (auto claim = claims_.begin(); claim != heaps; ++claim) {
    claim->start = std::max(claim->start, end);
    if (claim->start >= claim->end) continue;
    end = claim->end;
    disjoint.push_back(*claim);
  }
  const std::size_t others = disjoint.size();
  end = 0;
  std::size_t other = 0;
  for (auto heap = heaps; heap != claims_.end(); ++heap) {
    std::uint64_t start = std::max(heap->start, end);
    end = std::max(end, heap->end);
    // The parts of the heap between the others.
    while (other < others && disjoint[other].end <= start) ++other;
    for (std::size_t next = other; start < heap->end; ++next) {
      const bool is_cut = next < others && disjoint[next].start < heap->end;
      Claim piece = *heap;
      piece.start = start;
      piece.end = is_cut ? std::max(start, disjoint[next].start) : heap->end;
      if (piece.start < piece.end) disjoint.push_back(piece);
      start = is_cut ? std::max(start, disjoint[next].end) : heap->end;
    }
  }
  claims_ = std::move(disjoint);
  std::sort(claims_.begin(), claims_.end(),
            [](const Claim& a, const Claim& b) { return a.start < b.start; });
}

Claim* Claims::find(std::uint64_t address) {
  const auto has = [=](const Claim& claim) {
    return claim.start <= address && address < claim.end;
  };
  if (latest_ < claims_.size() && has(claims_[latest_])) return &claims_[latest_];
  const auto after =
      std::upper_bound(claims_.begin(), claims_.end(), address,
                       [](std::uint64_t at, const Claim& claim) { return at < claim.start; });
  if (after == claims_.begin() || !has(*(after - 1))) return nullptr;
  latest_ = static_cast<std::size_t>(after - 1 - claims_.begin());
  return &*(after - 1);
}

}  // namespace pymemflow::report
