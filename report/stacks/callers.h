#pragma once
// The callers of an allocation site that are shown with it. By default at most five: first those
// outside the standard library and outside of installed packages, since these are the user's own.
// Pure; report side.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "report/base/memory.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

struct CallersWanted {
  bool all = false;
  std::uint64_t depth = 0;  // the first callers, this many; 0: the default
};

struct Callers {
  Vector<const SiteName*> frames;  // from the nearest caller outwards
  std::size_t left_out = 0;
  StackEnd end = StackEnd::Bottom;  // of the stack
};

// The callers of the uppermost frame of a stack. Valid as long as the tree is.
Callers callers_of(const CallTree& tree, CallNode stack, const CallersWanted& wanted);

// The words after the callers: how many more there are, and why the stack is not whole. Empty:
// there is nothing to say.
String note_on(const Callers& callers);

// Whether the stack is a C function alone, which allocated while no Python code was running.
bool is_native_alone(const CallTree& tree, CallNode stack);

// Whether the frame runs code of the user: Python code outside the standard library and outside of
// site-packages.
bool is_own_code(const SiteName& frame);

// For a report that shows callers, where the capture has none.
inline constexpr std::string_view kNoCallers =
    "has no callers: record it with --stack python (PYMEMFLOW_STACK=python)";

}  // namespace pymemflow::report
