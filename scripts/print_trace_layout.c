/* Prints the part `trace` of a row of pyframe/layouts/versions.def for the Python with whose
   headers this is compiled. It lacks the opcodes, which the headers do not have in all versions.
   Run by scripts/print_layouts. */

#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>

#if PY_VERSION_HEX >= 0x030B0000
#  include <internal/pycore_frame.h>
#endif
#if PY_VERSION_HEX >= 0x030C0000
#  include <internal/pycore_interp.h>
#endif

/* Facts that pyframe assumes in every version. */
_Static_assert(offsetof(PyTypeObject, tp_call) == 128, "kTypeCall");
_Static_assert(offsetof(PyTypeObject, tp_descr_get) == 272, "kTypeGet");
_Static_assert(offsetof(PyTupleObject, ob_item) == 24, "items of the tuple of an exception");

#define FIELD(name, type, member) printf(",\n     .%s = %u", name, (unsigned)offsetof(type, member))

int main(void) {
  printf("    (.tstate_interpreter = %u", (unsigned)offsetof(PyThreadState, interp));
  FIELD("tstate_tracing", PyThreadState, tracing);
  FIELD("tstate_trace_function", PyThreadState, c_tracefunc);
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000
  FIELD("code_local_count", PyCodeObject, co_nlocalsplus);
  FIELD("code_stack_size", PyCodeObject, co_stacksize);
  FIELD("code_line_array", PyCodeObject, _co_linearray);
#endif
#if PY_VERSION_HEX >= 0x030B0000
  FIELD("code_first_traceable", PyCodeObject, _co_firsttraceable);
#endif
#if PY_VERSION_HEX >= 0x030C0000
  FIELD("code_version", PyCodeObject, _co_instrumentation_version);
#endif
#if PY_VERSION_HEX >= 0x030D0000
  FIELD("interpreter_version", PyInterpreterState, ceval.instrumentation_version);
#elif PY_VERSION_HEX >= 0x030C0000
  FIELD("interpreter_version", PyInterpreterState, monitoring_version);
#endif
  printf(")\n");
  return 0;
}
