#pragma once
// Marked code: the functions at which a walk ends if its caller asks for it. These are the
// interpreter's evaluation functions, of which a tail-calling interpreter has hundreds, and their
// `.cold` parts.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::interpose {

struct CodeRange {
  std::uintptr_t start;
  std::uintptr_t end;
};

// Replaces all marked code. Not inside a hook; one thread at a time. False: no memory, and nothing
// has changed. Walks may go on meanwhile.
bool mark_code(std::span<const CodeRange> ranges);

// Whether the instruction before `pc` is in marked code.
bool is_marked(std::uintptr_t pc);

}  // namespace pymemflow::interpose
