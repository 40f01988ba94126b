#pragma once
// Patterns of allocation sites: of a shell (* ? []). A pattern is compared with the file (its path,
// its last part, and its portable path), the function and file:function of a site, and with the
// names and libraries of all C functions on its stack. The gate and all reports have the same
// rules. Report side, any thread.

#include <string_view>

#include "report/base/memory.h"
#include "report/stacks/call_tree.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

// The names of a site that patterns are compared with.
Vector<String> pattern_names(const SiteName& site);

// Calls visit(name number) for the frames of a stack that patterns are compared with: the line to
// which its allocations belong, and its C functions.
template <typename Visit>
void for_each_compared(const CallTree& tree, CallNode stack, Visit visit) {
  const CallNode line = tree.line_of(stack);
  if (has_frame(line)) visit(tree.name_of(line));
  for (CallNode node = stack; has_frame(node); node = tree.parent(node)) {
    const SiteName& frame = tree.frame(node);
    if (node == line || frame.has_frame || frame.missing != StackEnd::Bottom) continue;
    visit(tree.name_of(node));
  }
}

// `pattern` ends with a zero byte.
bool matches(const char* pattern, const Vector<String>& names);

}  // namespace pymemflow::report
