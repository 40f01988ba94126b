// For architectures whose instructions are not read: the getter is called.

#include "pyframe/state_slot.h"

namespace pymemflow::pyframe {

StateSlot find_state_slot(StateGetter) {
  return {};
}

}  // namespace pymemflow::pyframe
