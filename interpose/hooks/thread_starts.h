#pragma once
// Threads that are about to be created: where probes are on, the hook in thread_starts.cpp has the
// new one probed before it starts.

namespace pymemflow::interpose {

// Looks the original up; at start-up only.
void find_thread_start();

}  // namespace pymemflow::interpose
