#pragma once
// Describes the fields that probes need besides those of FrameLayout: one TraceLayout per version
// (versions.def), for LP64 release builds with a GIL. Offsets are in bytes; 0: this version has no
// such field. Plain data: any thread.

#include <cstdint>

namespace pymemflow::pyframe {

inline constexpr int kMaxCallOpcodes = 5;

struct TraceLayout {
  // PyThreadState
  std::uint16_t tstate_interpreter = 0;
  std::uint16_t tstate_tracing = 0;         // int: inside a trace or profile function
  std::uint16_t tstate_trace_function = 0;  // Py_tracefunc c_tracefunc
  // 3.11: what the interpreter allocates in order to trace a frame and its code
  std::uint16_t code_local_count = 0;      // int co_nlocalsplus
  std::uint16_t code_stack_size = 0;       // int co_stacksize
  std::uint16_t code_line_array = 0;       // _co_linearray
  std::uint16_t code_first_traceable = 0;  // int, in two-byte units, 3.11 on
  // 3.12 on: the state of sys.monitoring for which a code object is instrumented, and the current
  // one
  std::uint16_t code_version = 0;         // uint64_t _co_instrumentation_version
  std::uint16_t interpreter_version = 0;  // uint64_t; the offset may be 0 where code_version is not
  // 3.7 to 3.11: instructions that bind a built-in method in order to call it, while there is a
  // trace function
  std::uint8_t call_opcodes[kMaxCallOpcodes] = {};
  // 3.12 on: the instructions that jump backward
  std::uint8_t loop_opcodes[2] = {};
};

}  // namespace pymemflow::pyframe
