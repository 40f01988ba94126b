#pragma once
// The ranges of addresses that are mapped: disjoint, and cut wherever a later call maps or releases
// a part of one. Report side, one thread.

#include <cstddef>
#include <cstdint>

#include "report/base/memory.h"

namespace pymemflow::report {

struct MappedRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;  // behind the last byte
  std::uint32_t use = 0;  // the number that its owner gave it

  std::uint64_t bytes() const { return end - start; }
};

class RangeTable {
 public:
  // Removes all that is mapped in [start, end), and appends it to `taken`, by address. A range that
  // is partly in it is cut.
  void take(std::uint64_t start, std::uint64_t end, Vector<MappedRange>& taken);
  // Nothing may be mapped there.
  void put(const MappedRange& range) { ranges_.emplace(range.start, range); }
  // The range that has this address; null: nothing is mapped there.
  const MappedRange* find(std::uint64_t address) const;

  std::size_t size() const { return ranges_.size(); }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [start, range] : ranges_) visit(range);
  }

 private:
  using Ranges = Map<std::uint64_t, MappedRange>;

  // Makes `address` the start of a range if it is inside of one. Returns the first range that does
  // not begin before it.
  Ranges::iterator cut_at(std::uint64_t address);

  Ranges ranges_;  // by start
};

}  // namespace pymemflow::report
