#pragma once
// The child that the program must not meet: the one that starts the reporter. It has no exit
// signal, so that only a thread that waits with __WALL or __WCLONE can find it, while the end is
// made. The hooks of the wait functions then wait once more (waits.cpp).

namespace pymemflow::interpose {

// Destination for clone(): the process id of that child. By the thread that makes the end.
int* hide_next_child();

// The child has ended. If another thread has met it, waits until that thread's hook has seen so:
// the process id may soon belong to a child of the program.
void end_hiding(bool is_met_by_us);

}  // namespace pymemflow::interpose
