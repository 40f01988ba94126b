/* Prints the row of pyframe/layouts.cpp that belongs to the Python whose headers this is compiled
   against. Run by scripts/print_layouts; needs Py_BUILD_CORE because frames are internal. */

#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#if PY_VERSION_HEX >= 0x030B0000
#  include <internal/pycore_frame.h>
#endif

#ifdef Py_GIL_DISABLED
#  error "free-threaded build: there are no rows for these"
#endif
#ifdef Py_REF_DEBUG
#  error "debug build: there are no rows for these"
#endif

/* What pyframe takes to be the same in every version (the constants of pyframe/layout.h). */
_Static_assert(sizeof(void*) == 8, "64 bit");
_Static_assert(sizeof(((PyThreadState*)0)->thread_id) == 8, "thread_id");
_Static_assert(offsetof(PyObject, ob_type) == 8, "kObjectType");
_Static_assert(offsetof(PyVarObject, ob_size) == 16, "kObjectSize");
_Static_assert(offsetof(PyBytesObject, ob_sval) == 32, "kBytesData");
_Static_assert(offsetof(PyTypeObject, tp_name) == 24, "kTypeName");
_Static_assert(offsetof(PyTypeObject, tp_basicsize) == 32, "kTypeBasicSize");
_Static_assert(offsetof(PyTypeObject, tp_dealloc) == 48, "kTypeDealloc");
_Static_assert(offsetof(PyASCIIObject, length) == 16, "kTextLength");
_Static_assert(offsetof(PyASCIIObject, state) == 32, "kTextState");
_Static_assert(sizeof(((PyCodeObject*)0)->co_firstlineno) == 4, "co_firstlineno");

#define FIELD(name, type, member) printf("     .%s = %u,\n", name, (unsigned)offsetof(type, member))

static int text_bits_are_as_expected(void) {
  PyASCIIObject text;
  unsigned bits;
  memset(&text, 0, sizeof text);
  text.state.kind = 4;
  text.state.compact = 1;
  text.state.ascii = 1;
  memcpy(&bits, &text.state, sizeof bits);
  return bits == ((4u << 2) | (1u << 5) | (1u << 6));
}

static void print_thread_state(void) {
#if PY_VERSION_HEX >= 0x030D0000
  FIELD("tstate_frame", PyThreadState, current_frame);
  FIELD("tstate_thread_id", PyThreadState, thread_id);
#elif PY_VERSION_HEX >= 0x030B0000
  FIELD("tstate_frame", PyThreadState, cframe);
  FIELD("tstate_thread_id", PyThreadState, thread_id);
  FIELD("cframe_current", _PyCFrame, current_frame);
#else
  FIELD("tstate_frame", PyThreadState, frame);
  FIELD("tstate_thread_id", PyThreadState, thread_id);
#endif
}

static void print_frame(void) {
#if PY_VERSION_HEX >= 0x030B0000
  FIELD("frame_back", _PyInterpreterFrame, previous);
#  if PY_VERSION_HEX >= 0x030D0000
  FIELD("frame_code", _PyInterpreterFrame, f_executable);
  FIELD("frame_position", _PyInterpreterFrame, instr_ptr);
#  else
  FIELD("frame_code", _PyInterpreterFrame, f_code);
  FIELD("frame_position", _PyInterpreterFrame, prev_instr);
#  endif
  FIELD("frame_owner", _PyInterpreterFrame, owner);
#  if PY_VERSION_HEX >= 0x030C0000
  printf("     .owner_c_stack = %d,\n", (int)FRAME_OWNED_BY_CSTACK);
#  endif
#else
  FIELD("frame_back", PyFrameObject, f_back);
  FIELD("frame_code", PyFrameObject, f_code);
  FIELD("frame_position", PyFrameObject, f_lasti);
#endif
}

static void print_code(void) {
  FIELD("code_filename", PyCodeObject, co_filename);
  FIELD("code_name", PyCodeObject, co_name);
  FIELD("code_first_line", PyCodeObject, co_firstlineno);
#if PY_VERSION_HEX >= 0x030B0000
  FIELD("code_line_table", PyCodeObject, co_linetable);
  FIELD("code_bytecode", PyCodeObject, co_code_adaptive);
  FIELD("code_basic_size", PyCodeObject, co_code_adaptive);
#else
#  if PY_VERSION_HEX >= 0x030A0000
  FIELD("code_line_table", PyCodeObject, co_linetable);
#  else
  FIELD("code_line_table", PyCodeObject, co_lnotab);
#  endif
  FIELD("code_bytecode", PyCodeObject, co_code);
  printf("     .code_basic_size = %u,\n", (unsigned)sizeof(PyCodeObject));
#endif
}

int main(void) {
  static const char* const frame_shape = PY_VERSION_HEX >= 0x030D0000   ? "CurrentFrame"
                                         : PY_VERSION_HEX >= 0x030B0000 ? "CFrame"
                                                                        : "FrameObject";
  static const char* const position_shape = PY_VERSION_HEX >= 0x030B0000   ? "Instruction"
                                            : PY_VERSION_HEX >= 0x030A0000 ? "UnitIndex"
                                                                           : "ByteIndex";
  static const char* const lines = PY_VERSION_HEX >= 0x030B0000   ? "Locations"
                                   : PY_VERSION_HEX >= 0x030A0000 ? "LineTable"
                                                                  : "Lnotab";
  if (!text_bits_are_as_expected()) {
    fprintf(stderr, "print_layout: the bits of PyASCIIObject.state lie elsewhere\n");
    return 1;
  }
  printf("    {.major = %d,\n     .minor = %d,\n", PY_MAJOR_VERSION, PY_MINOR_VERSION);
  printf("     .frame_shape = FrameShape::%s,\n", frame_shape);
  printf("     .position_shape = PositionShape::%s,\n", position_shape);
  printf("     .line_table_format = LineTableFormat::%s,\n", lines);
  print_thread_state();
  print_frame();
  print_code();
  printf("     .ascii_data = %u,\n", (unsigned)sizeof(PyASCIIObject));
  printf("     .compact_data = %u},\n", (unsigned)sizeof(PyCompactUnicodeObject));
  return 0;
}
