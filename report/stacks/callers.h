#pragma once
// The callers of an allocation site that are shown with it, and the C functions that it called. By
// default at most five callers: first those
// outside the standard library and outside of installed packages, since these are the user's own.
// Pure; report side.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "report/base/memory.h"
#include "report/base/names.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

struct CallersWanted {
  bool all = false;
  std::uint64_t depth = 0;  // the first callers, this many; 0: the default
};

struct Callers {
  // The C functions between the line and the allocator, from the innermost outwards. By default
  // those of neither the interpreter nor the C and C++ libraries; if there are none, the innermost
  // one. Gaps are always shown.
  Vector<const SiteName*> native;
  Vector<const SiteName*> frames;   // from the nearest caller outwards
  std::size_t left_out = 0;         // of `frames`
  StackEnd end = StackEnd::Bottom;  // of the stack
};

// The callers of the line of a stack (CallTree::line_of()). Valid as long as the tree is.
Callers callers_of(const CallTree& tree, CallNode stack, const CallersWanted& wanted);

// The lines that show the C functions: "in make_copy (libmine.so)". By default at most 16: of more,
// the eight innermost and the eight outermost, and a line between them that says how many are left
// out.
Vector<String> native_lines(const Callers& callers, const CallersWanted& wanted,
                            const Names& names);

// The words after the callers: how many more there are, the option that shows them, and why the
// stack is not whole. Empty: there is nothing to say.
String note_on(const Callers& callers, std::string_view option = {});

// Whether the stack is a C function alone, which allocated while no Python code was running.
bool is_native_alone(const CallTree& tree, CallNode stack);

// Whether the frame runs code of the user: Python code outside the standard library and outside of
// site-packages.
bool is_own_code(const SiteName& frame);

// For a report that shows callers, where the capture has none.
inline constexpr std::string_view kNoCallers =
    "has no callers: record it with --stack python (PYMEMFLOW_STACK=python)";
// The same for --by c-function.
inline constexpr std::string_view kNoCFunctions =
    "has no C functions: record it with --stack native (PYMEMFLOW_STACK=native)";

}  // namespace pymemflow::report
