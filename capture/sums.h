#pragma once
// The sums that replace events in a capture of RecordMode::Sums: calls and bytes, by site, function
// and power of two. Every distribution can be printed from them.
//
// In a capture of FrameKind::Stacks, sums are by stack: the number in a key is that of a node of
// the tree of stacks (capture/stack.h), whose parent is StackEnd::SiteOnly where no stack was
// recorded.
//
// The sums are exact at any moment at which the process may be killed. A cell has two slots; the
// recorder writes the older one, under the number of the window that it adds. All slots of that
// number count from the moment at which the state of the window becomes Emptied.

#include <cstddef>
#include <cstdint>

#include "capture/block.h"
#include "capture/event.h"

namespace pymemflow {

struct SumCell {
  struct Slot {
    std::uint64_t number;  // of the last window that was folded into it; 0: none
    std::uint64_t count;
    std::uint64_t bytes;  // wraps, as the distributions' sums do
  };
  Word key;  // written last; 0: the cells end here
  Word unused;
  Slot slots[2];
};
static_assert(sizeof(SumCell) == 64);

inline constexpr std::size_t kSumCells = kBlockWords * sizeof(Word) / sizeof(SumCell);

// The key of a cell. `site` is a stack if sums are by stack. A Release has no bytes and is counted
// by function only, under kNoSite.
constexpr Word sum_key(SiteId site, Function function, int bucket) {
  return static_cast<Word>(site) << 32 | (static_cast<Word>(function) + 1) << 8 |
         static_cast<Word>(bucket);
}
constexpr SiteId sum_site(Word key) {
  return static_cast<SiteId>(key >> 32);
}
constexpr std::size_t sum_function(Word key) {
  return (key >> 8 & 0xffffff) - 1;
}
constexpr int sum_bucket(Word key) {
  return static_cast<int>(key & 0xff);
}

}  // namespace pymemflow
