#pragma once
// The CPython interpreter of this process: whether there is one, its version, and how its frames
// are read. find_interpreter() looks symbols up, so it must run outside every allocator hook. Its
// result is written once, before recording starts, and only read afterwards, except by distrust().

#include <cstdint>

#include "pyframe/layouts/allocator_table.h"
#include "pyframe/layouts/layout.h"
#include "pyframe/own_state.h"
#include "pyframe/state_slot.h"

namespace pymemflow::pyframe {

enum class InterpreterStatus : std::uint8_t {
  Absent,   // no CPython in this process
  Known,    // frames can be read
  Unknown,  // a CPython whose layout is not known: events have no frame
  TooOld,   // older than all known versions: nothing is recorded, and nothing is asked of it
};

// Functions of the interpreter's public API that describe a frame and its code without counting a
// reference or allocating a byte. For self_check.h; they need the GIL.
struct Witness {
  const void* (*globals)() = nullptr;                   // PyEval_GetGlobals
  int (*line)(const void* code, int offset) = nullptr;  // PyCode_Addr2Line
  int (*frame_line)(const void* frame) = nullptr;       // PyFrame_GetLineNumber
  std::intptr_t (*length)(const void* text) = nullptr;  // PyUnicode_GetLength
  std::uint32_t (*character)(const void* text, std::intptr_t index) = nullptr;  // _ReadChar
};

struct Interpreter {
  InterpreterStatus status = InterpreterStatus::Absent;
  // The text of Py_GetVersion() up to the first blank ("3.11.2"), and, for Unknown, the reason in a
  // few words ("alpha or beta version"). These and `path` point to static storage.
  const char* version = "";
  const char* reason = "";
  const char* path = "";  // of its library; empty: the program itself, or unknown
  bool is_free_threaded = false;
  bool counts_references = false;  // debug builds, and builds that trace references
  FrameLayout layout{};
  const void* code_type = nullptr;   // &PyCode_Type
  const void* text_type = nullptr;   // &PyUnicode_Type
  const void* bytes_type = nullptr;  // &PyBytes_Type
  const void* frame_type = nullptr;  // &PyFrame_Type
  // PyGILState_GetThisThreadState: the state of this thread, also while it does not hold the GIL.
  StateGetter own_thread_state = nullptr;
  mutable OwnState own_state{};  // finds its answer without the call; other threads change it
  StateSlot own_slot{};          // from 3.14 on: the variable that this getter loads
  // _PyThreadState_UncheckedGet, _PyThreadState_GetCurrent or PyThreadState_GetUnchecked.
  StateGetter current_thread_state = nullptr;
  // Py_IsInitialized, of an Unknown interpreter. It reads a variable in every version. The getters
  // above may take a lock: in 2.7 a thread holds that lock while it calls malloc().
  int (*is_initialized)() = nullptr;
  StateSlot state_slot{};          // the variable that this getter loads
  const void* evaluate = nullptr;  // _PyEval_EvalFrameDefault, which runs frames
  // Up to 3.11 there is one current thread state per process, later one per thread.
  bool current_is_per_thread = false;
  // Non-zero from the moment at which a finalizing interpreter may free the states of threads that
  // are still running (daemon threads inside a call that released the GIL).
  int (*is_finalizing)() = nullptr;
  // PyInterpreterState_Head and _Next, up to 3.11: tell whether there is more than one interpreter.
  void* (*first_interpreter)() = nullptr;
  void* (*next_interpreter)(void*) = nullptr;
  Witness witness{};
  // The function by which it maps memory: pymalloc's arenas, and from 3.11 on stacks of frames.
  // Null: unknown.
  const void* arena_allocator = nullptr;
  AllocatorTables allocator_tables{};
};

// Finds the interpreter whose functions are in `library`, a handle of dlopen(); null: the first one
// in the loader's global order.
enum class Arrival : std::uint8_t { AtStart, Late };
Interpreter find_interpreter(void* library = nullptr, Arrival arrival = Arrival::AtStart);

// Makes a Known interpreter Unknown, while other threads read it.
void distrust(Interpreter& interpreter, const char* reason);

inline bool is_known(const Interpreter& interpreter) {
  InterpreterStatus status;
  __atomic_load(&interpreter.status, &status, __ATOMIC_RELAXED);
  return status == InterpreterStatus::Known;
}

// Whether Python runs, or ran, on this thread; with an Unknown interpreter, in this process. Works
// without an interpreter too.
inline bool has_python_state(const Interpreter& interpreter) {
  if (interpreter.is_initialized != nullptr) return interpreter.is_initialized() != 0;
  return interpreter.own_thread_state != nullptr && interpreter.own_thread_state() != nullptr;
}

}  // namespace pymemflow::pyframe
