#pragma once
// The memory of C stacks. May be called inside a hook and in a signal handler: takes no lock,
// allocates nothing and keeps errno.

#include <cstdint>

namespace pymemflow::platform {

// All addresses from `start` to `end` may be read while the thread runs on this stack.
struct StackBounds {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  // It is the thread's own stack, which lasts as long as the thread, and not one that the program
  // has switched to (signal handlers, coroutines).
  bool is_own = false;

  bool holds(std::uintptr_t address) const { return address - start < end - start; }
};

// Finds the stack on which the calling thread runs, by an address in its innermost frame. No
// bounds: they could not be read. On Linux it reads the maps of the process, which takes 20 us and
// more.
StackBounds find_stack_bounds(std::uintptr_t address);

}  // namespace pymemflow::platform
