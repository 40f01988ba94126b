#pragma once
// A call tree from the innermost frames outwards. Pure. Report side, any thread.

#include "report/base/memory.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

struct InvertedTree {
  CallTree tree;
  Vector<CallNode> nodes;  // of the stacks, in their order
};

// Turns the stacks around. A stack that is not whole ends with a frame that says so.
InvertedTree inverted(const CallTree& tree, const Vector<CallNode>& stacks);

}  // namespace pymemflow::report
