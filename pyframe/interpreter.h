#pragma once
// The CPython interpreter of this process: is there one, which one, and how its frames are read.
// find_interpreter() looks symbols up and so belongs outside every allocator hook. The result is
// written once, before anything is recorded, and only read afterwards, but for distrust().

#include <cstdint>

#include "pyframe/layouts/layout.h"
#include "pyframe/state_slot.h"

namespace pymemflow::pyframe {

enum class InterpreterStatus : std::uint8_t {
  Absent,   // no CPython in this process
  Known,    // frames can be read
  Unknown,  // a CPython whose layout is not known: events have no frame
};

// What the interpreter itself says of a frame and what it runs: the part of its public API that
// only reads, without a reference counted or a byte allocated. For self_check.h; with the GIL.
struct Witness {
  const void* (*globals)() = nullptr;                   // PyEval_GetGlobals
  int (*line)(const void* code, int offset) = nullptr;  // PyCode_Addr2Line
  int (*frame_line)(const void* frame) = nullptr;       // PyFrame_GetLineNumber
  std::intptr_t (*length)(const void* text) = nullptr;  // PyUnicode_GetLength
  std::uint32_t (*character)(const void* text, std::intptr_t index) = nullptr;  // _ReadChar
};

struct Interpreter {
  InterpreterStatus status = InterpreterStatus::Absent;
  // What Py_GetVersion() says up to the first blank ("3.11.2"), and, for Unknown, why in a few
  // words ("alpha or beta version"). Point to static storage, as `path` does.
  const char* version = "";
  const char* reason = "";
  const char* path = "";  // of the library that has it; empty: the program itself, or unknown
  bool is_free_threaded = false;
  bool counts_references = false;  // in a total: debug builds, and those that trace references
  FrameLayout layout{};
  const void* code_type = nullptr;   // &PyCode_Type
  const void* text_type = nullptr;   // &PyUnicode_Type
  const void* bytes_type = nullptr;  // &PyBytes_Type
  // PyGILState_GetThisThreadState: the state bound to this thread, also while it has no GIL.
  StateGetter own_thread_state = nullptr;
  // _PyThreadState_UncheckedGet, _PyThreadState_GetCurrent or PyThreadState_GetUnchecked.
  StateGetter current_thread_state = nullptr;
  StateSlot state_slot{};  // what that one loads
  // Up to 3.11 the current thread state is the process's, not the thread's.
  bool current_is_per_thread = false;
  // Non-zero from the moment at which a finalizing interpreter may free the states of threads that
  // still run (daemon threads inside a call that released the GIL).
  int (*is_finalizing)() = nullptr;
  // PyInterpreterState_Head and _Next, up to 3.11 only: is there more than one interpreter?
  void* (*first_interpreter)() = nullptr;
  void* (*next_interpreter)(void*) = nullptr;
  Witness witness{};
};

// The interpreter whose functions are found in `library`, a handle of dlopen(); null: wherever the
// loader's global order has them first.
enum class Arrival : std::uint8_t { AtStart, Late };
Interpreter find_interpreter(void* library = nullptr, Arrival arrival = Arrival::AtStart);

// Makes a Known interpreter Unknown, while other threads read it.
void distrust(Interpreter& interpreter, const char* reason);

inline bool is_known(const Interpreter& interpreter) {
  InterpreterStatus status;
  __atomic_load(&interpreter.status, &status, __ATOMIC_RELAXED);
  return status == InterpreterStatus::Known;
}

// Whether Python runs, or ran, on this thread. Also of an Unknown interpreter, and when there is
// none.
inline bool has_python_state(const Interpreter& interpreter) {
  return interpreter.own_thread_state != nullptr && interpreter.own_thread_state() != nullptr;
}

}  // namespace pymemflow::pyframe
