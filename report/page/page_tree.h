#pragma once
// The stacks that the page shows: those of a profile, without the branches whose share of the
// memory is small. What is left out is summed up in a frame [rest] of the frame that it belongs to,
// so that the sums of all frames that are shown are exact. Report side, one thread.

#include <cstdint>

#include "report/base/memory.h"
#include "report/history/block_lives.h"
#include "report/replay/profile.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

struct PageTree {
  // The names that no frame of a profile has. Those of frames follow.
  enum SpecialName : std::uint32_t { kAll, kRest, kFirstEnd, kFirstFrame = kFirstEnd + kStackEnds };

  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t name = kAll;
    std::uint64_t rest_stacks = 0;  // of a [rest]: the stacks that it sums up
  };
  Vector<Node> nodes;        // the first one is all of them; parents come before their children
  Vector<BlockLives> lives;  // `origin` is a node
  std::uint64_t stacks = 0;  // shown by themselves
  std::uint64_t folded = 0;  // summed up
  double share = 0;          // of which smaller branches are folded
};

class PageTreeBuilder {
 public:
  explicit PageTreeBuilder(const Profile& profile);

  // Slices of time that are twice as long.
  void halve() { blocks_.halve(); }
  const SlicedLives& blocks() const { return blocks_; }

  // Folds branches with less than this share of everything that is measured: live and allocated
  // bytes, blocks, and what was live in the slice of the peak.
  PageTree fold(double share) const;

 private:
  void take_shares();
  std::uint32_t root_of(PageTree& tree, Vector<std::uint32_t>& roots, CallNode node) const;

  const CallTree& tree_;
  SlicedLives blocks_;
  std::uint16_t peak_slice_ = 0;
  Vector<float> shares_;  // the largest one, by node
};

}  // namespace pymemflow::report
