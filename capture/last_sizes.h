#pragma once
// How many bytes each site asked malloc() for last: most sites ask for the same again, and that
// takes a record of one word instead of two. The recorder keeps such a table a writer, and whoever
// reads a block one a block; both begin empty at the block's beginning and do the same at each
// Malloc, so what is remembered, and what is forgotten for another site, is the same on both sides.
// For one thread.

#include <cstddef>
#include <cstdint>

#include "capture/event.h"

namespace pymemflow {

class LastSizes {
 public:
  // Whether these are the bytes of the site's last Malloc; they are from here on.
  __attribute__((always_inline)) bool repeats(SiteId site, std::uint64_t bytes) {
    Entry& entry = entries_[site % kEntries];
    const bool result = (entry.site == site) & (entry.bytes == bytes);
    entry.site = site;
    entry.bytes = bytes;
    return result;
  }

  // False: not remembered.
  bool find(SiteId site, std::uint64_t& bytes) const {
    const Entry& entry = entries_[site % kEntries];
    if (entry.site != site) return false;
    bytes = entry.bytes;
    return true;
  }

  void clear() { *this = {}; }

 private:
  struct Entry {
    SiteId site = 0;  // no site has this number
    std::uint64_t bytes = 0;
  };
  static constexpr std::size_t kEntries = 64;

  Entry entries_[kEntries];
};

}  // namespace pymemflow
