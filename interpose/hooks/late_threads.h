#pragma once
// Threads that go on while the report is being made at the end of the process. The interpreter has
// finalised by then and freed what its daemon threads still refer to. Without us the process would
// be gone in that instant; a report takes longer, long enough for a daemon thread that waits for
// the GIL to look at its freed state (CPython 3.10: each wait of 5 ms ends with that look, and with
// a segmentation fault). So whoever comes back from such a wait, a timed one on a condition, is
// held until the report is done.

namespace pymemflow::interpose {

// Looks the original up; at start-up only.
void find_waits();

// While one of these lives, threads are held. One at a time, on the thread that ends the process.
class LateThreadsHeld {
 public:
  LateThreadsHeld();
  ~LateThreadsHeld();
  LateThreadsHeld(const LateThreadsHeld&) = delete;
  LateThreadsHeld& operator=(const LateThreadsHeld&) = delete;
};

}  // namespace pymemflow::interpose
