#pragma once
// What an interpreter says of its own structures: from 3.13 on, _PyRuntime begins with a table of
// offsets meant for debuggers (_Py_DebugOffsets), right for its very build: a debug build, a
// free-threaded one. It is checked before it is believed. At start-up, outside every hook.

#include "pyframe/layout.h"

namespace pymemflow::pyframe {

// Whether a version of this minor number publishes a table that is known here.
bool publishes_offsets(int minor);

// Puts the offsets published at `runtime`, the interpreter's _PyRuntime, into `layout`, the row of
// its version. Null, or why they are not believed, and then `layout` is unchanged.
const char* read_published_offsets(const void* runtime, bool is_free_threaded, FrameLayout& layout);

}  // namespace pymemflow::pyframe
