#include "report/mappings/range_table.h"

#include <iterator>

namespace pymemflow::report {

RangeTable::Ranges::iterator RangeTable::cut_at(std::uint64_t address) {
  const auto at = ranges_.lower_bound(address);
  if (at == ranges_.begin()) return at;
  MappedRange& before = std::prev(at)->second;
  if (before.end <= address) return at;
  MappedRange rest = before;
  rest.start = address;
  before.end = address;
  return ranges_.emplace_hint(at, address, rest);
}

void RangeTable::take(std::uint64_t start, std::uint64_t end, Vector<MappedRange>& taken) {
  if (start >= end) return;
  // The end first: a range around all of it is cut twice, and the iterator stays valid.
  const auto last = cut_at(end);
  const auto first = cut_at(start);
  for (auto at = first; at != last; ++at) taken.push_back(at->second);
  ranges_.erase(first, last);
}

const MappedRange* RangeTable::find(std::uint64_t address) const {
  const auto after = ranges_.upper_bound(address);
  if (after == ranges_.begin()) return nullptr;
  const MappedRange& range = std::prev(after)->second;
  return address < range.end ? &range : nullptr;
}

}  // namespace pymemflow::report
