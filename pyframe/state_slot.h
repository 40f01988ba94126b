#pragma once
// Where the interpreter keeps the current thread state: the variable that its own getter loads.
// Reading the variable costs a load; calling the getter costs 1 to 3 ns, and the registers that
// every call may change. The variable has no symbol of its own, so the getter's instructions are
// looked at: a load and a return, in a handful of forms. Code of any other form is called instead.
//
// find_state_slot() is for start-up. slot_of_this_thread() is for any thread, once: it compares
// with the getter before it believes.

#include <cstdint>

namespace pymemflow::pyframe {

using StateGetter = void* (*)();

struct StateSlot {
  enum class Kind : std::uint8_t {
    Unknown,  // to be asked of the getter
    Process,  // `place` is its address
    Thread,   // `place` is how far it lies from the thread pointer
  };
  Kind kind = Kind::Unknown;
  std::intptr_t place = 0;
};

// By architecture: state_slot_<architecture>.cpp.
StateSlot find_state_slot(StateGetter getter);
// The address of what lies there in the calling thread.
const void* const* address_in_thread(std::intptr_t place);

// The variable of the calling thread; null: ask the getter.
const void* const* slot_of_this_thread(const StateSlot& slot, StateGetter getter);

}  // namespace pymemflow::pyframe
