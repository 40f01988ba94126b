#pragma once
// Fits the row of a version to the build at hand: debug builds, traced references (Py_TRACE_REFS)
// and free threading move fields. Reads only the interpreter's static data, which is complete
// before the interpreter starts. For start-up, outside every hook.

#include "pyframe/layouts/layout.h"

namespace pymemflow::pyframe {

struct BuildFacts {
  struct {
    const void* code;   // &PyCode_Type
    const void* text;   // &PyUnicode_Type
    const void* bytes;  // &PyBytes_Type
    const void* frame;  // &PyFrame_Type
  } types;
  const void* runtime;  // &_PyRuntime
  bool is_free_threaded;
};

// Returns null, or the reason why the layout cannot be trusted.
const char* fit_layout(const BuildFacts& facts, FrameLayout& layout);

// Whether a layout agrees with the sizes and the members that the interpreter's types declare. Part
// of fit_layout().
bool types_agree(const BuildFacts& facts, const FrameLayout& layout);

}  // namespace pymemflow::pyframe
