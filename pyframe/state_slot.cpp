#include "pyframe/state_slot.h"

namespace pymemflow::pyframe {
namespace {

const void* const* address_of(const StateSlot& slot) {
  switch (slot.kind) {
    case StateSlot::Kind::Unknown:
      break;
    case StateSlot::Kind::Process:
      return reinterpret_cast<const void* const*>(slot.place);
    case StateSlot::Kind::Thread:
      return address_in_thread(slot.place);
  }
  return nullptr;
}

}  // namespace

const void* const* slot_of_this_thread(const StateSlot& slot, StateGetter getter) {
  const void* const* const address = address_of(slot);
  if (address == nullptr) return nullptr;
  // A variable of the process may change between the two reads.
  for (int tries = 0; tries < 10; ++tries) {
    if (__atomic_load_n(address, __ATOMIC_RELAXED) == getter()) return address;
  }
  return nullptr;
}

}  // namespace pymemflow::pyframe
