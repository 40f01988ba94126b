#pragma once
// Wraps the tables of Python's allocators (raw, mem, obj), so that their calls are events. A
// wrapper passes each call on to the allocator that it found when it was put into the table, so it
// changes nothing but the record: a program that takes it out of the table, or puts something in
// front of it, gets the same blocks from the same allocator. The wrappers are never taken out.
//
// One call is one event, of the outermost function: what a wrapper calls below it is none, neither
// the functions of other domains nor those of the C library. Mappings are recorded.

#include <cstdint>

#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Wraps the tables of these domains (bit 0: raw, 1: mem, 2: obj). Before the interpreter is
// initialised, on the thread that is about to do it. False: the interpreter has no such tables.
bool wrap_tables(const pyframe::Interpreter& interpreter, unsigned domains);

// The interpreter may have chosen other allocators since (PYTHONMALLOC, -X dev, debug builds), or
// have been finalized and begun again. To be called with the GIL held, outside of every allocator,
// while Python code runs. It looks at the tables once in each life of the interpreter, and never
// wraps one while that finalizes: then it only notes which are not ours any more.
void look_at_tables(const pyframe::Interpreter& interpreter);

// The domains (bit 0: raw, 1: mem, 2: obj) whose tables somebody replaced, and left so until the
// interpreter finalized.
unsigned replaced_tables();

}  // namespace pymemflow::interpose
