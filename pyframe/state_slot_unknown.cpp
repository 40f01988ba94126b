// For architectures whose instructions are not read, and for macOS, where the variable is not at a
// fixed place in a thread: the getter is called.

#include "pyframe/state_slot.h"

namespace pymemflow::pyframe {

StateSlot find_state_slot(StateGetter) {
  return {};
}

const void* const* address_in_thread(std::intptr_t) {
  return nullptr;
}

}  // namespace pymemflow::pyframe
