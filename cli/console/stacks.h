#pragma once
// Call stacks in the outputs of commands: the callers that are shown below a row, and all frames in
// JSON. Pure.

#include <cstdint>
#include <string>

#include "cli/console/json.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::cli {

// A row's stack with the most of its memory.
struct RowStack {
  const report::CallTree& tree;
  report::CallNode node;
  std::uint64_t bytes;   // of this stack
  std::uint64_t stacks;  // of the row, that have such memory
};

// A line for each caller, and notes about what is left out. Each line begins with a newline and
// `indent` blanks.
std::string callers_text(const RowStack& row, bool full_stacks, std::size_t indent);

// Adds "stack", the frames from the uppermost one on, and "stack_end", why there are no more.
void set_stack(Json& json, const report::CallTree& tree, report::CallNode node);

}  // namespace pymemflow::cli
