#pragma once
// The tree of call stacks of a capture, by the numbers of its nodes. Filled by definitions, of a
// capture or of a test, in any order: a node whose parent is not defined yet waits for it. So a
// node that is found has all of its frames, and no circle of damaged definitions is ever one. One
// thread.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "capture/stack.h"
#include "report/base/memory.h"
#include "report/names/numbered_slots.h"

namespace pymemflow::report {

class StackTable {
 public:
  // The most nodes that an undamaged capture can have.
  void set_limit(std::uint64_t nodes) { limit_ = nodes; }

  // False: the definition is damaged.
  bool add(StackId stack, const StackNode& node);

  // Null: the node was not defined, its parent was not, or the number is that of a StackEnd.
  const StackNode* find(StackId stack) const {
    const Slot* const slot = slots_.find(stack);
    return slot != nullptr && slot->frames != 0 ? &slot->node : nullptr;
  }
  // The number of frames of a stack; 0 if find() is null.
  std::uint32_t frames(StackId stack) const {
    const Slot* const slot = slots_.find(stack);
    return slot != nullptr ? slot->frames : 0;
  }

  // Calls visit(SiteId) for each frame, from the uppermost one down. Returns the end of the stack.
  template <typename Visit>
  StackEnd for_each_frame(StackId stack, Visit visit) const {
    while (const StackNode* const node = find(stack)) {
      visit(node->site);
      stack = node->parent;
    }
    return stack < kStackEnds ? static_cast<StackEnd>(stack) : StackEnd::Unread;
  }

  std::size_t size() const { return size_; }
  // Nodes whose parent was not defined.
  std::uint64_t waiting() const { return waiting_count_; }
  // Nodes that waited, and were not what they should be.
  std::uint64_t damaged() const { return damaged_; }

 private:
  struct Slot {
    StackNode node;
    std::uint32_t frames = 0;  // 0: the node is not known
  };
  using Numbered = std::pair<StackId, StackNode>;

  // The frames of the stack below a node; false: it is not known.
  bool frames_below(const StackNode& node, std::uint32_t& frames) const;
  bool put(StackId stack, const StackNode& node, std::uint32_t frames);
  // Adds the nodes that waited for this one, and those that waited for them.
  void add_waiting_for(StackId stack);

  std::uint64_t limit_ = 0;
  NumberedSlots<Slot> slots_;
  HashMap<StackId, Vector<Numbered>> waiting_;  // by parent
  std::uint64_t waiting_count_ = 0;
  std::uint64_t damaged_ = 0;
  std::size_t size_ = 0;
};

}  // namespace pymemflow::report
