#pragma once
// The table of the block that a writer fills (capture/records.def, UsedStack and UsedSite), as far
// as the writer remembers it. An entry that was forgotten is written again, under a further index.
// Belongs to the writer's thread. Its initial state is all zeros.

#include <cstddef>
#include <cstdint>

#include "capture/stack.h"

namespace pymemflow::interpose {

class UsedNumbers {
 public:
  // Return the index of a stack, or of a site, in the current block; 0: it has to be added.
  std::uint32_t find_stack(StackId stack) const { return find(stacks_[stack % kStacks], stack); }
  std::uint32_t find_site(SiteId site) const { return find(sites_[site % kSites], site); }

  // Return the index of what is added.
  std::uint32_t add_stack(StackId stack) { return add(stacks_[stack % kStacks], stack); }
  std::uint32_t add_site(SiteId site) { return add(sites_[site % kSites], site); }

  // The table of a new block is empty.
  void begin_block() {
    before_ += count_;
    count_ = 0;
    if (before_ < kMaxSequence) return;
    // In place: the stacks of threads may be small.
    before_ = 0;
    for (Entry& entry : stacks_) entry = {};
    for (Entry& entry : sites_) entry = {};
  }

 private:
  struct Entry {
    std::uint32_t number;
    std::uint32_t sequence;  // counted from 1, over all blocks
  };
  static constexpr std::size_t kStacks = 2048;
  static constexpr std::size_t kSites = 256;
  static constexpr std::uint32_t kMaxSequence = 0xffff0000;  // no block has as many as are left

  // The entry of an earlier block has a sequence for which `index` is 0, or wraps.
  std::uint32_t find(const Entry& entry, std::uint32_t number) const {
    const std::uint32_t index = entry.sequence - before_;
    return entry.number == number && index - 1 < count_ ? index : 0;
  }
  std::uint32_t add(Entry& entry, std::uint32_t number) {
    ++count_;
    entry = {number, before_ + count_};
    return count_;
  }

  std::uint32_t before_ = 0;  // entries of earlier blocks
  std::uint32_t count_ = 0;
  Entry stacks_[kStacks] = {};
  Entry sites_[kSites] = {};
};

}  // namespace pymemflow::interpose
