// No state slot: for architectures whose instructions are not decoded, and for macOS, where the
// variable has no fixed place in a thread. The getter is called there.

#include "pyframe/state_slot.h"

namespace pymemflow::pyframe {

StateSlot find_state_slot(StateGetter) {
  return {};
}

const void* const* find_tested_variable(int (*)()) {
  return nullptr;
}

const void* const* address_in_thread(std::intptr_t) {
  return nullptr;
}

}  // namespace pymemflow::pyframe
