#pragma once
// Tells when a code object dies, so that the next one at its address does not inherit its name.
// notice_code_deaths() belongs outside every hook, at start-up; the notices come on whichever
// thread drops the last reference, with the GIL held.
//
// Why the destructor slot of the type: it costs nothing an event, needs no GIL to install, works
// before the interpreter starts and in every version. A free function of co_extra, or a code
// watcher (3.12 on), needs the GIL and a Python call for each interpreter or each code object, and
// comparing names at each sight costs a cache line an event and still misses equal twins.

#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

// From now on `notify` is called with each code object that dies, before anything of it is torn
// down. It must not call Python nor take a lock that a hook can wait for. False, and nothing
// changes: the interpreter is not Known, or somebody is notified already.
bool notice_code_deaths(const Interpreter& interpreter, void (*notify)(const void* code));

// The code object is being torn down on this thread, further up the stack: its parts may be gone.
// An event of that moment names it where a frame stays current while its code dies (3.11.0; from
// 3.11.1 on the frame is unlinked first), or where weak references to it are called.
bool is_dying(const void* code);

}  // namespace pymemflow::pyframe
