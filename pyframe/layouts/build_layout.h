#pragma once
// From the row of a version to the layout of the build at hand: debug builds, traced references
// (Py_TRACE_REFS) and free threading move fields. Reads nothing but the interpreter's static data,
// which is complete before it starts: for start-up, outside every hook.

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

// Fits the row of a version to the build. Null, or why the layout is not to be trusted.
const char* fit_layout(const BuildFacts& facts, FrameLayout& layout);

// Whether a layout is what the interpreter's types say of their sizes and of the members that they
// show to Python. Part of fit_layout().
bool types_agree(const BuildFacts& facts, const FrameLayout& layout);

}  // namespace pymemflow::pyframe
