#pragma once
// Holds threads that go on while the report is made at the end of the process. The interpreter has
// finalized by then, and has freed memory to which its daemon threads still refer. Without this
// library the process would end at once. A report takes long enough for a daemon thread that waits
// for the GIL to read its freed state: in CPython 3.10 each wait of 5 ms ends with that read, and
// with a segmentation fault. So a thread that returns from a timed wait on a condition is held
// until the report is done.

namespace pymemflow::interpose {

// Holds threads while it lives. One at a time, on the thread that ends the process.
class LateThreadsHeld {
 public:
  LateThreadsHeld();
  ~LateThreadsHeld();
  LateThreadsHeld(const LateThreadsHeld&) = delete;
  LateThreadsHeld& operator=(const LateThreadsHeld&) = delete;
};

}  // namespace pymemflow::interpose
