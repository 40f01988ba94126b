/* Prints the part `frame` of a row of pyframe/layouts/versions.def, or, with the argument
   "published", the part `published`, for the Python with whose headers this is compiled. Run by
   scripts/print_layouts; needs Py_BUILD_CORE because frames are internal. */

#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#if PY_VERSION_HEX >= 0x030B0000
#  include <internal/pycore_frame.h>
#endif

#if PY_VERSION_HEX >= 0x030D0000
#  include <internal/pycore_runtime.h>
#endif

/* Additional bytes of an object's header, compared with a release build. */
#define GROWTH (sizeof(PyObject) - 16)

/* Facts that pyframe assumes in every version (the constants of pyframe/layouts/layout.h). */
_Static_assert(sizeof(void*) == 8, "64 bit");
_Static_assert(sizeof(((PyThreadState*)0)->thread_id) == 8, "thread_id");
_Static_assert(offsetof(PyObject, ob_type) == 8 + GROWTH, "kObjectType");
_Static_assert(offsetof(PyVarObject, ob_size) == 16 + GROWTH, "kObjectSize");
_Static_assert(offsetof(PyBytesObject, ob_sval) == 32 + GROWTH, "kBytesData");
_Static_assert(offsetof(PyTypeObject, tp_name) == 24 + GROWTH, "kTypeName");
_Static_assert(offsetof(PyTypeObject, tp_basicsize) == 32 + GROWTH, "kTypeBasicSize");
_Static_assert(offsetof(PyTypeObject, tp_dealloc) == 48 + GROWTH, "kTypeDealloc");
_Static_assert(offsetof(PyTypeObject, tp_members) == 240 + GROWTH, "kTypeMembers");
_Static_assert(offsetof(PyASCIIObject, length) == 16 + GROWTH, "kTextLength");
_Static_assert(offsetof(PyASCIIObject, state) == 32 + GROWTH, "kTextState");
_Static_assert(sizeof(((PyCodeObject*)0)->co_firstlineno) == 4, "co_firstlineno");

#define FIELD(name, type, member) printf("     .%s = %u,\n", name, (unsigned)offsetof(type, member))

/* The first bit of the kind in PyASCIIObject.state; 0: compact and ascii do not follow it. */
static unsigned text_kind_bit(void) {
  PyASCIIObject text;
  unsigned bits, bit = 0;
  memset(&text, 0, sizeof text);
  text.state.kind = 1;
  memcpy(&bits, &text.state, sizeof bits);
  while (bits >> bit > 1) ++bit;
  text.state.kind = 4;
  text.state.compact = 1;
  text.state.ascii = 1;
  memcpy(&bits, &text.state, sizeof bits);
  return bits == (4u | 1u << 3 | 1u << 4) << bit ? bit : 0;
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
  FIELD("frame_globals", _PyInterpreterFrame, f_globals);
  FIELD("frame_object", _PyInterpreterFrame, frame_obj);
  FIELD("object_line", PyFrameObject, f_lineno);
  FIELD("frame_owner", _PyInterpreterFrame, owner);
#  if PY_VERSION_HEX >= 0x030E0000
  printf("     .shim_owner = %d,\n", (int)FRAME_OWNED_BY_INTERPRETER);
#    ifdef Py_GIL_DISABLED
  FIELD("frame_bytecode_index", _PyInterpreterFrame, tlbc_index);
#    endif
#  elif PY_VERSION_HEX >= 0x030C0000
  printf("     .shim_owner = %d,\n", (int)FRAME_OWNED_BY_CSTACK);
#  endif
#else
  FIELD("frame_back", PyFrameObject, f_back);
  FIELD("frame_code", PyFrameObject, f_code);
  FIELD("frame_position", PyFrameObject, f_lasti);
  FIELD("frame_globals", PyFrameObject, f_globals);
  FIELD("object_line", PyFrameObject, f_lineno);
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
#  if PY_VERSION_HEX >= 0x030E0000 && defined Py_GIL_DISABLED
  FIELD("code_bytecodes", PyCodeObject, co_tlbc);
#  endif
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

#if PY_VERSION_HEX >= 0x030D0000
#  define WORD(name, member)                                \
    printf(name == first ? ".%s = %u" : ", .%s = %u", name, \
           (unsigned)(offsetof(_Py_DebugOffsets, member) / sizeof(uint64_t)))

/* The part `published` of the row. */
static void print_published(void) {
  const char* const first = "thread_size";
  printf("    (");
  WORD(first, thread_state.size);
  WORD("thread_frame", thread_state.current_frame);
  WORD("thread_id", thread_state.thread_id);
  WORD("frame_size", interpreter_frame.size);
  WORD("frame_back", interpreter_frame.previous);
  WORD("frame_code", interpreter_frame.executable);
  WORD("frame_position", interpreter_frame.instr_ptr);
  WORD("frame_owner", interpreter_frame.owner);
#  if PY_VERSION_HEX >= 0x030E0000
  WORD("frame_bytecode_index", interpreter_frame.tlbc_index);
#  else
  printf(", .frame_bytecode_index = 0");
#  endif
  WORD("code_size", code_object.size);
  WORD("code_filename", code_object.filename);
  WORD("code_name", code_object.name);
  WORD("code_line_table", code_object.linetable);
  WORD("code_first_line", code_object.firstlineno);
  WORD("code_bytecode", code_object.co_code_adaptive);
#  if PY_VERSION_HEX >= 0x030E0000
  WORD("code_bytecodes", code_object.co_tlbc);
#  else
  printf(", .code_bytecodes = 0");
#  endif
  WORD("object_size", pyobject.size);
  WORD("object_type", pyobject.ob_type);
  WORD("bytes_size", bytes_object.size);
  WORD("bytes_count", bytes_object.ob_size);
  WORD("bytes_data", bytes_object.ob_sval);
  WORD("text_size", unicode_object.size);
  WORD("text_state", unicode_object.state);
  WORD("text_length", unicode_object.length);
  WORD("text_ascii_size", unicode_object.asciiobject_size);
  printf(")\n");
}
#endif

int main(int argc, char** argv) {
  const int wants_published = argc > 1 && strcmp(argv[1], "published") == 0;
#if PY_VERSION_HEX >= 0x030E0000 && defined Py_GIL_DISABLED
  static const char* const frame_shape = "CurrentFrameOwnBytecode";
#else
  static const char* const frame_shape = PY_VERSION_HEX >= 0x030D0000   ? "CurrentFrame"
                                         : PY_VERSION_HEX >= 0x030B0000 ? "CFrame"
                                                                        : "FrameObject";
#endif
  static const char* const position_shape = PY_VERSION_HEX >= 0x030B0000   ? "Instruction"
                                            : PY_VERSION_HEX >= 0x030A0000 ? "UnitIndex"
                                                                           : "ByteIndex";
  static const char* const lines = PY_VERSION_HEX >= 0x030B0000   ? "Locations"
                                   : PY_VERSION_HEX >= 0x030A0000 ? "LineTable"
                                                                  : "Lnotab";
  if (text_kind_bit() == 0) {
    fprintf(stderr, "print_layout: the bits of PyASCIIObject.state lie elsewhere\n");
    return 1;
  }
  if (wants_published) {
#if PY_VERSION_HEX >= 0x030D0000
    print_published();
#else
    printf("    ()\n");
#endif
    return 0;
  }
  printf("    (.frame_shape = FrameShape::%s,\n", frame_shape);
  printf("     .position_shape = PositionShape::%s,\n", position_shape);
  printf("     .line_table_format = LineTableFormat::%s,\n", lines);
  print_thread_state();
  print_frame();
  print_code();
  printf("     .ascii_data = %u,\n", (unsigned)sizeof(PyASCIIObject));
  printf("     .compact_data = %u", (unsigned)sizeof(PyCompactUnicodeObject));
  if (text_kind_bit() != 2) printf(",\n     .text_kind_bit = %u", text_kind_bit());
  if (GROWTH != 0) printf(",\n     .header_growth = %u", (unsigned)GROWTH);
  printf(")\n");
  return 0;
}
