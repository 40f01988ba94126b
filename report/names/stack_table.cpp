#include "report/names/stack_table.h"

namespace pymemflow::report {

bool StackTable::add(StackId stack, const StackNode& node) {
  const bool is_parent_possible = node.parent < kStackEnds || node.parent >= kFirstStack;
  if (stack < kFirstStack || !is_parent_possible || node.site == kNoSite) return false;
  std::uint32_t frames = 0;
  if (!frames_below(node, frames)) {
    waiting_[node.parent].emplace_back(stack, node);
    ++waiting_count_;
    return true;
  }
  if (!put(stack, node, frames + 1)) return false;
  if (!waiting_.empty()) add_waiting_for(stack);
  return true;
}

bool StackTable::frames_below(const StackNode& node, std::uint32_t& result) const {
  result = frames(node.parent);
  return node.parent < kFirstStack || result != 0;
}

bool StackTable::put(StackId stack, const StackNode& node, std::uint32_t frames) {
  if (frames > kMaxStackFrames) return false;
  Slot* const slot = slots_.put(stack, limit_);
  if (slot == nullptr) return false;
  if (slot->frames != 0) {
    return slot->node.parent == node.parent && slot->node.site == node.site;
  }
  *slot = {node, frames};
  ++size_;
  return true;
}

void StackTable::add_waiting_for(StackId stack) {
  Vector<StackId> added;
  added.push_back(stack);
  while (!added.empty()) {
    const auto found = waiting_.find(added.back());
    added.pop_back();
    if (found == waiting_.end()) continue;
    const Vector<Numbered> nodes = std::move(found->second);
    waiting_.erase(found);
    waiting_count_ -= nodes.size();
    for (const auto& [number, node] : nodes) {
      std::uint32_t frames = 0;
      if (frames_below(node, frames) && put(number, node, frames + 1)) {
        added.push_back(number);
      } else {
        ++damaged_;
      }
    }
  }
}

}  // namespace pymemflow::report
