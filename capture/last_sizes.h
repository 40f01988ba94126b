#pragma once
// The pairs of a site and a size that malloc() was called with lately. Most calls repeat one of
// them, which takes a record of one word instead of two: it has the place of the pair in this
// table. The recorder has such a table per writer, and the reader of a block one per block. Both
// begin empty at the beginning of the block and take each Malloc, so they remember and forget the
// same pairs. One thread.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "capture/event.h"

namespace pymemflow {

class LastSizes {
 public:
  // The bits of a site's number in a short record. The size is in the other bits of an entry.
  static constexpr int kNumberBits = 17;

  // Takes a Malloc. `number` is the site's number in its record. True: the pair was in its place,
  // which is returned in any case.
  __attribute__((always_inline)) bool repeats(SiteId number, std::uint64_t bytes, SiteId& place) {
    const std::uint64_t turned = std::rotl(bytes, kNumberBits);
    const std::uint64_t pair = turned ^ number;
    place = place_of(pair);
    // A size of 2^47 or more has no entry of its own: its pair may be that of another one. No
    // such call succeeds.
    const bool result = (entries_[place] == pair) & ((turned & kNumberMask) == 0);
    entries_[place] = pair;
    return result;
  }

  // Replaces the place by the number of the site. False: there is no such place.
  bool find(SiteId& number, std::uint64_t& bytes) const {
    if (number >= kEntries || entries_[number] == 0) return false;
    const std::uint64_t pair = entries_[number];
    number = static_cast<SiteId>(pair & kNumberMask);
    bytes = pair >> kNumberBits;
    return true;
  }

  static SiteId place_of(SiteId number, std::uint64_t bytes) {
    return place_of(std::rotl(bytes, kNumberBits) ^ number);
  }

  void clear() { *this = {}; }

 private:
  static constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << kNumberBits) - 1;
  static constexpr int kPlaceBits = 9;
  static constexpr std::size_t kEntries = std::size_t{1} << kPlaceBits;

  __attribute__((always_inline)) static SiteId place_of(std::uint64_t pair) {
    return static_cast<SiteId>(pair * 0x9e3779b97f4a7c15 >> (64 - kPlaceBits));
  }

  std::uint64_t entries_[kEntries] = {};  // 0: none, as no site has the number 0
};

}  // namespace pymemflow
