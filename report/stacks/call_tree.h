#pragma once
// The call stacks of a profile as people see them: a tree of frames by their names. Stacks whose
// frames have the same names are one stack here, though their instructions differ. A value; one
// thread.

#include <cstddef>
#include <cstdint>

#include "capture/stack.h"
#include "report/base/memory.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

// A node of the tree: a frame and the stack below it. The numbers below kStackEnds are ends of
// stacks, as in capture/stack.h, and have no frame.
using CallNode = std::uint32_t;
constexpr bool has_frame(CallNode node) {
  return node >= kStackEnds;
}
// An allocation of which no stack is known, and no site.
inline constexpr CallNode kNoCallNode = end_of_stack(StackEnd::SiteOnly);

class CallTree {
 public:
  CallTree() : nodes_(kStackEnds) {}

  // Returns the number of the name. The caller gives each name once: nodes are told apart by it.
  std::uint32_t add_name(SiteName name);
  // The node of the name above `parent`.
  CallNode add(CallNode parent, std::uint32_t name);

  // Returns the name of a node that has a frame.
  const SiteName& frame(CallNode node) const { return names_[nodes_[node].name]; }
  std::uint32_t name_of(CallNode node) const { return nodes_[node].name; }
  // The uppermost Python frame of a stack, and its own uppermost frame where no Python ran, but for
  // inlined functions: the line of the program to which a report gives its allocations. The frames
  // above are native.
  CallNode line_of(CallNode stack) const;
  // The stack below. A parent has a smaller number than its children.
  CallNode parent(CallNode node) const { return nodes_[node].parent; }
  const SiteName& name(std::uint32_t number) const { return names_[number]; }
  std::uint32_t names() const { return static_cast<std::uint32_t>(names_.size()); }
  // Nodes are numbered from kStackEnds to this number.
  CallNode end() const { return static_cast<CallNode>(nodes_.size()); }

 private:
  struct Node {
    CallNode parent = kNoCallNode;
    std::uint32_t name = 0;
  };

  Vector<Node> nodes_;
  Vector<SiteName> names_;
  HashMap<std::uint64_t, CallNode> children_;  // by parent and name
};

}  // namespace pymemflow::report
