#pragma once
// Hides a child from the program: the one that starts the reporter. It has no exit signal, so only
// a thread that waits with __WALL or __WCLONE while the process ends can get it. The hooks of the
// wait functions then wait again (waits.cpp).

namespace pymemflow::interpose {

// Returns where clone() shall store the process id of the child. Called by the thread that ends the
// process.
int* hide_next_child();

// Called when the child has ended. If another thread's wait has returned it, waits until the hook
// of that thread has noticed: the process id may soon belong to a child of the program.
void end_hiding(bool is_met_by_us);

// The system calls wait4() and waitid(), as syscall() makes them: the outcome is negative for an
// error.
long wait4_of_host(long child, long status, long options, long usage);
long waitid_of_host(long which, long child, long found, long options, long usage);

}  // namespace pymemflow::interpose
