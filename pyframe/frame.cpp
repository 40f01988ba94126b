#include "pyframe/frame.h"

#include <atomic>

namespace pymemflow::pyframe::detail {
namespace {

bool has_subinterpreters(const Interpreter& interpreter) {
  void* newest = interpreter.first_interpreter();
  return newest != nullptr && interpreter.next_interpreter(newest) != nullptr;
}

}  // namespace

// `own` is this thread's and lives as long as the thread stays in Python, with one exception: an
// interpreter that finalizes frees the states of daemon threads under them (3.9 on). These get no
// frame then; nor does its main thread while it has released the GIL. What is left is a daemon
// thread that is preempted after this question and before the loads that follow, for so long that
// its state and frames are gone: nothing but a lock could exclude that.
//
// Up to 3.11 `current` is whoever holds the GIL. It may be this thread in a subinterpreter, which
// only its thread_id tells; without subinterpreters it is another thread's, may be freed at any
// moment, and is not touched. And `own` is what the thread has in the main interpreter: where there
// are others, a thread without the GIL cannot tell in which of them it is, and gets no frame.
const void* state_without_gil(const Interpreter& interpreter, const void* own, const void* current,
                              std::uintptr_t self) {
  if (own == nullptr) return nullptr;
  if (!interpreter.current_is_per_thread && has_subinterpreters(interpreter)) {
    const bool is_here = current != nullptr &&
                         load<unsigned long>(current, interpreter.layout.tstate_thread_id) == self;
    return is_here ? current : nullptr;
  }
  // Once and for all: the answer goes back to zero when the interpreter is gone.
  static std::atomic<bool> has_finalized{false};
  if (has_finalized.load(std::memory_order_relaxed)) return nullptr;
  if (interpreter.is_finalizing() == 0) return own;
  has_finalized.store(true, std::memory_order_relaxed);
  return nullptr;
}

}  // namespace pymemflow::pyframe::detail
