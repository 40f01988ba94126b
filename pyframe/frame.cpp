#include "pyframe/frame.h"

#include <atomic>

namespace pymemflow::pyframe::detail {
namespace {

bool has_subinterpreters(const Interpreter& interpreter) {
  void* newest = interpreter.first_interpreter();
  return newest != nullptr && interpreter.next_interpreter(newest) != nullptr;
}

}  // namespace

const void* ask_own_state(const Interpreter& interpreter, std::uintptr_t self) {
  OwnState& own = interpreter.own_state;
  const std::uint64_t before = read_key_word(own);
  const void* const state = interpreter.own_thread_state();
  if (state == nullptr) return state;
  void* only = nullptr;
  if (!interpreter.current_is_per_thread) {
    only = interpreter.first_interpreter();
    if (only == nullptr || interpreter.next_interpreter(only) != nullptr) return state;
  }
  learn_key(own, before, self, state, only);
  return state;
}

// `own` is the state of this thread, and lives as long as the thread stays in Python, with one
// exception: an interpreter that finalizes frees the states of its running daemon threads (3.9 on).
// These threads get no frame then, nor does the main thread while it has released the GIL. One case
// remains: a daemon thread that is preempted after is_finalizing() and before the loads that
// follow, for so long that its state and frames are freed. Only a lock could exclude it.
//
// Up to 3.11 `current` is the state of the thread that holds the GIL. With subinterpreters it may
// be this thread's, which only its thread_id tells. Without them it is another thread's, may be
// freed at any moment, and is not read. `own` is this thread's state in the main interpreter: with
// subinterpreters a thread without the GIL cannot tell in which interpreter it is, and gets no
// frame.
const void* state_without_gil(const Interpreter& interpreter, const void* own, const void* current,
                              std::uintptr_t self) {
  if (own == nullptr) return nullptr;
  if (!interpreter.current_is_per_thread && has_subinterpreters(interpreter)) {
    const bool is_here = current != nullptr &&
                         load<unsigned long>(current, interpreter.layout.tstate_thread_id) == self;
    return is_here ? current : nullptr;
  }
  // Remembered, since the answer becomes zero again when the interpreter is gone.
  static std::atomic<bool> has_finalized{false};
  if (has_finalized.load(std::memory_order_relaxed)) return nullptr;
  if (interpreter.is_finalizing() == 0) return own;
  has_finalized.store(true, std::memory_order_relaxed);
  end_direct_reads(interpreter.own_state);
  return nullptr;
}

}  // namespace pymemflow::pyframe::detail
