#pragma once
// The CPython interpreter of this process: is there one, which one, and how its frames are read.
// find_interpreter() looks symbols up and so belongs outside every hook, at start-up. The result is
// written once, before anything is recorded, and only read afterwards.

#include <cstdint>

#include "pyframe/layout.h"

namespace pymemflow::pyframe {

enum class InterpreterStatus : std::uint8_t {
  Absent,   // no CPython in this process
  Known,    // frames can be read
  Unknown,  // a CPython whose layout is not known: events have no frame
};

struct Interpreter {
  InterpreterStatus status = InterpreterStatus::Absent;
  // What Py_GetVersion() says up to the first blank ("3.11.2"), and, for Unknown, why in a few
  // words ("free-threaded build"). Point to static storage or to the interpreter's own.
  const char* version = "";
  const char* reason = "";
  FrameLayout layout{};
  const void* code_type = nullptr;  // &PyCode_Type
  // PyGILState_GetThisThreadState: the state bound to this thread, also while it has no GIL.
  void* (*own_thread_state)() = nullptr;
  // _PyThreadState_UncheckedGet, _PyThreadState_GetCurrent or PyThreadState_GetUnchecked.
  void* (*current_thread_state)() = nullptr;
  // Up to 3.11 the current thread state is the process's, not the thread's.
  bool current_is_per_thread = false;
};

Interpreter find_interpreter();

}  // namespace pymemflow::pyframe
