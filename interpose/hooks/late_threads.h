#pragma once
// Holds the other threads of the process while its report is made at an exit. The interpreter has
// finalized by then, and has freed memory that its daemon threads still refer to: those that wait
// for the GIL, and those in C code that calls back into Python (functions of sqlite3, comparisons
// of qsort()). Without this library the process would be gone microseconds later. With it, such a
// thread would have the time of a report to crash.
//
// Linux: all threads are stopped, wherever they are (platform/linux/held_threads.h). macOS: the
// report is made in the process, and a stopped thread may have a lock that it needs. So only
// threads that return from a timed wait on a condition are held, as those that wait for the GIL
// are.

#include "capture/block.h"

namespace pymemflow::interpose {

// Calls work(kind) while the other threads are held. For one thread at a time.
void hold_late_threads_during(void (*work)(EndKind kind), EndKind kind);

}  // namespace pymemflow::interpose
