#pragma once
// The outermost frame of a stack whose callers are missing, in formats whose readers know
// nothing of missing callers. Pure; report side.

#include <cstddef>
#include <string_view>

#include "capture/stack.h"

namespace pymemflow::report {

// By the end of the stack. Empty: all callers are there.
inline std::string_view missing_callers(StackEnd end) {
  constexpr std::string_view kFrames[kStackEnds] = {"", "[cut]", "[unread]", "[no rule]",
                                                    "[callers not recorded]"};
  return kFrames[static_cast<std::size_t>(end)];
}

}  // namespace pymemflow::report
