#pragma once
// Finds the state of a thread that does not hold the GIL, also that it has none, by loads alone.
// The interpreter's getter (PyGILState_GetThisThreadState) costs 30 instructions, and up to four
// calls must follow it (frame.cpp).
//
// Up to 3.13 the getter reads the value of a thread key. Which key that is, the interpreter does
// not tell: it is the one that has the getter's answer for its value. learn_key() looks for it
// after a call of the getter, so that a key counts only after the two were equal. From 3.14 on the
// getter reads a thread-local, found as the variable of the current state is (state_slot.h).
//
// A key that is deleted takes its values along. Their sequence numbers would tell that, if the
// present number of the key could be read; instead, the hook of pthread_key_delete() reports it by
// forget_key().

#include <cstddef>
#include <cstdint>

#include "platform/thread_keys.h"

namespace pymemflow::pyframe {

inline constexpr const void* kNoInterpreter = nullptr;

struct OwnState {
  // The key: its sequence number, the number of changes of this word, and the distance from
  // pthread_self() to its KeyValue. The sequence number 0: the key is not known. It may change
  // while other threads read it.
  std::uint64_t key = 0;
  std::size_t values = 0;  // platform::find_near_key_values(); 0: the getter has to be called
  // The variable that tells that the interpreter finalizes, since it may free the states of running
  // threads then. end_direct_reads() replaces it.
  const void* const* finalizing = nullptr;
  // Up to 3.11, where a thread's own state is that of the main interpreter: the variable that holds
  // the newest interpreter, and its value while there is no other. Later: a variable that is null.
  const void* const* newest_interpreter = &kNoInterpreter;
  std::uintptr_t only_interpreter = 0;
  int failures = 0;  // of learn_key()
};

inline std::uint64_t read_key_word(const OwnState& own) {
  return __atomic_load_n(&own.key, __ATOMIC_RELAXED);
}
constexpr std::uint32_t key_sequence(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}

// After a call of the getter on this thread that returned `state`, not null: finds the key, or
// checks the one that is known. `before` is the word as it was before the call. `only_interpreter`
// is null from 3.12 on.
void learn_key(OwnState& own, std::uint64_t before, std::uintptr_t self, const void* state,
               const void* only_interpreter);

// The key is about to be deleted, or has been. Any thread.
void forget_key(OwnState& own, std::size_t key);

// From here on the state of a thread without the GIL is not known at once. Any thread.
void end_direct_reads(OwnState& own);

// Finds the answer of the getter without calling it, where `self` is pthread_self(). False: it has
// to be called.
__attribute__((always_inline)) inline bool find_key_value(const OwnState& own, std::uintptr_t self,
                                                          const void*& state) {
  const std::uint64_t word = read_key_word(own);
  if (key_sequence(word) == 0) return false;
  const auto* const value =
      reinterpret_cast<const platform::KeyValue*>(self + static_cast<std::uint16_t>(word));
  state = value->value;
  return state == nullptr || static_cast<std::uint32_t>(value->sequence) == key_sequence(word);
}

// Whether a state that was found in this way may be read: no thread is freeing it, and there is no
// interpreter that it might not belong to.
__attribute__((always_inline)) inline bool is_readable(const OwnState& own) {
  const void* const* const finalizing = __atomic_load_n(&own.finalizing, __ATOMIC_RELAXED);
  // The interpreter's variables are read as its structures are: by plain loads, which the compiler
  // can combine.
  return (reinterpret_cast<std::uintptr_t>(*finalizing) |
          (reinterpret_cast<std::uintptr_t>(*own.newest_interpreter) ^ own.only_interpreter)) == 0;
}

}  // namespace pymemflow::pyframe
