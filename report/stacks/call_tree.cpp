#include "report/stacks/call_tree.h"

#include <utility>

namespace pymemflow::report {

std::uint32_t CallTree::add_name(SiteName name) {
  names_.push_back(std::move(name));
  return names() - 1;
}

CallNode CallTree::line_of(CallNode stack) const {
  CallNode node = stack;
  while (has_frame(node) && !frame(node).has_frame) node = parent(node);
  if (has_frame(node)) return node;
  for (node = stack; has_frame(node) && frame(node).is_inlined;) node = parent(node);
  return has_frame(node) ? node : stack;
}

CallNode CallTree::add(CallNode parent, std::uint32_t name) {
  const std::uint64_t key = std::uint64_t{parent} << 32 | name;
  const auto [found, is_new] = children_.try_emplace(key, end());
  if (is_new) nodes_.push_back({parent, name});
  return found->second;
}

}  // namespace pymemflow::report
