#pragma once
// The size that each site requested from malloc() last. Most sites request the same size again,
// which takes a record of one word instead of two. The recorder has such a table per writer, and
// the reader of a block one per block. Both begin empty at the beginning of the block and take each
// Malloc, so they remember and forget the same sizes. One thread.

#include <cstddef>
#include <cstdint>

#include "capture/event.h"

namespace pymemflow {

class LastSizes {
 public:
  // Takes a Malloc. True: the site's last Malloc had the same size.
  __attribute__((always_inline)) bool repeats(SiteId site, std::uint64_t bytes) {
    Entry& entry = entries_[site % kEntries];
    const bool result = (entry.site == site) & (entry.bytes == bytes);
    entry.site = site;
    entry.bytes = bytes;
    return result;
  }

  // False: the size is not remembered.
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
