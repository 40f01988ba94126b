#pragma once
// Reports when a code object dies, so that the next one at its address does not inherit its name.
// notice_code_deaths() is for start-up, outside every hook. A notice comes on the thread that drops
// the last reference, with the GIL held.
//
// The notices come from the destructor slot of the type: it costs nothing per event, needs no GIL
// to install, and works in every version and before the interpreter starts. A free function of
// co_extra, or a code watcher (3.12 on), needs the GIL and a Python call for each interpreter or
// each code object. Comparing names at each event costs a cache line per event, and still misses
// twins of the same name.

#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

// Calls `notify` from now on with each code object that dies, before it is destroyed. `notify` must
// not call Python, nor take a lock for which a hook may wait. False, without effect: the
// interpreter is not Known, or the notices are in use already.
bool notice_code_deaths(const Interpreter& interpreter, void (*notify)(const void* code));

// Whether the code object is being destroyed on this thread, further up the stack, so that parts of
// it may be freed. An event can still name it: a frame may stay current while its code dies
// (3.11.0; from 3.11.1 on the frame is unlinked first), and callbacks of weak references to it may
// run.
bool is_dying(const void* code);

}  // namespace pymemflow::pyframe
