#pragma once
// Describes where the fields of CPython's structures lie: one FrameLayout per version
// (versions.def), for LP64 release builds with a GIL, fitted to the build at hand (build_layout.h).
// Offsets are in bytes. Plain data: any thread may read it. Offsets that are the same in every
// version are constants here; scripts/print_layouts checks these too.

#include <cstddef>
#include <cstdint>

namespace pymemflow::pyframe {

// Of objects, in a release build: FrameLayout::header_growth comes on top.
inline constexpr std::uint16_t kObjectType = 8;      // PyObject.ob_type
inline constexpr std::uint16_t kObjectSize = 16;     // PyVarObject.ob_size
inline constexpr std::uint16_t kTypeName = 24;       // PyTypeObject.tp_name
inline constexpr std::uint16_t kTypeBasicSize = 32;  // PyTypeObject.tp_basicsize
inline constexpr std::uint16_t kTypeDealloc = 48;    // PyTypeObject.tp_dealloc
inline constexpr std::uint16_t kTypeCall = 128;      // PyTypeObject.tp_call
inline constexpr std::uint16_t kTypeMembers = 240;   // PyTypeObject.tp_members
inline constexpr std::uint16_t kTypeGet = 272;       // PyTypeObject.tp_descr_get
inline constexpr std::uint16_t kBytesData = 32;      // PyBytesObject.ob_sval
inline constexpr std::uint16_t kTextLength = 16;     // PyASCIIObject.length
inline constexpr std::uint16_t kTextState = 32;      // PyASCIIObject.state, 32 bits

// The path from the thread state to the running frame.
enum class FrameShape : std::uint8_t {
  FrameObject,    // 3.6 to 3.10: PyThreadState.frame is a PyFrameObject
  CFrame,         // 3.11, 3.12: PyThreadState.cframe->current_frame
  CheckedCFrame,  // the same, where C stacks are switched under it (checked_frame.h)
  CurrentFrame,   // 3.13 on: PyThreadState.current_frame
  // 3.14 on, free-threaded: the same, and each thread runs its own copy of the bytecode.
  CurrentFrameOwnBytecode,
};

// The form in which a frame keeps its instruction.
enum class PositionShape : std::uint8_t {
  ByteIndex,    // f_lasti in bytes (3.6 to 3.9)
  UnitIndex,    // f_lasti in two-byte instructions (3.10)
  Instruction,  // a pointer into the bytecode (3.11 on)
};

// The format of co_lnotab or co_linetable.
enum class LineTableFormat : std::uint8_t {
  Lnotab,     // 3.6 to 3.9
  LineTable,  // 3.10, PEP 626
  Locations,  // 3.11 on
};

struct FrameLayout {
  int major;
  int minor;
  FrameShape frame_shape;
  PositionShape position_shape;
  LineTableFormat line_table_format;
  // PyThreadState
  std::uint16_t tstate_frame = 0;      // to the frame, or the cframe
  std::uint16_t tstate_thread_id = 0;  // unsigned long thread_id
  std::uint16_t cframe_current = 0;    // CFrame only
  // PyFrameObject or _PyInterpreterFrame
  std::uint16_t frame_back = 0;
  std::uint16_t frame_code = 0;
  std::uint16_t frame_position = 0;
  std::uint16_t frame_globals = 0;         // for the self-check alone
  std::uint16_t frame_object = 0;          // its PyFrameObject, 3.11 on; before, it is one itself
  std::uint16_t object_line = 0;           // int f_lineno, of the PyFrameObject
  std::uint16_t frame_owner = 0;           // char owner, 3.11 on
  std::uint8_t shim_owner = 0;             // from this owner on a frame is a shim; 0: there is none
  std::uint16_t frame_bytecode_index = 0;  // CurrentFrameOwnBytecode only: int32_t tlbc_index
  // PyCodeObject
  std::uint16_t code_filename = 0;
  std::uint16_t code_name = 0;
  std::uint16_t code_first_line = 0;
  std::uint16_t code_line_table = 0;  // a bytes object
  std::uint16_t code_bytecode = 0;    // a bytes object (to 3.10), or the bytecode itself
  std::uint16_t code_basic_size = 0;  // PyCode_Type.tp_basicsize: tells an interpreter that differs
  std::uint16_t code_bytecodes = 0;   // CurrentFrameOwnBytecode only: co_tlbc
  // PyUnicodeObject
  std::uint16_t ascii_data = 0;    // sizeof(PyASCIIObject)
  std::uint16_t compact_data = 0;  // sizeof(PyCompactUnicodeObject)
  std::uint8_t text_kind_bit = 2;  // where PyASCIIObject.state has its kind; compact, ascii follow
  // Additional bytes of an object's header compared with a release build: Py_TRACE_REFS up to 3.12,
  // and free threading. The offsets in objects above include it.
  std::uint8_t header_growth = 0;
};

}  // namespace pymemflow::pyframe
