#pragma once
// Finds the variable in which the interpreter keeps the current thread state. Reading the variable
// costs one load; calling the interpreter's getter costs 1 to 3 ns and the registers that a call
// may change. The variable has no symbol, so the instructions of the getter are decoded: a load and
// a return, in a handful of forms. If the code has another form, the getter is called instead.
//
// find_state_slot() and find_tested_variable() are for start-up. slot_of_this_thread() is called
// once per thread, and compares the variable with the getter.

#include <cstdint>

namespace pymemflow::pyframe {

using StateGetter = void* (*)();

struct StateSlot {
  enum class Kind : std::uint8_t {
    Unknown,  // call the getter
    Process,  // `place` is its address
    Thread,   // `place` is its offset from the thread pointer
  };
  Kind kind = Kind::Unknown;
  std::intptr_t place = 0;
};

// Implemented per architecture: state_slot_<architecture>.cpp.
StateSlot find_state_slot(StateGetter getter);
// Returns the variable that this function compares with null, and whose address is fixed, or null:
// its code has another form. The function returns 1 if the variable is not null, else 0.
const void* const* find_tested_variable(int (*test)());
// Returns the address of the variable of the calling thread.
const void* const* address_in_thread(std::intptr_t place);

// Returns the variable of the calling thread, or null if the getter has to be called.
const void* const* slot_of_this_thread(const StateSlot& slot, StateGetter getter);

}  // namespace pymemflow::pyframe
