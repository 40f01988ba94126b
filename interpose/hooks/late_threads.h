#pragma once
// Holds daemon threads while the report is made at the end of the process. The interpreter has
// finalized by then, and has freed memory that its daemon threads still refer to. Without this
// library the process would end at once; a report gives a daemon thread that waits for the GIL time
// to read its freed state. In CPython 3.10 each wait of 5 ms ends with that read, and with a
// segmentation fault. So a thread that returns from a timed wait on a condition is held until the
// report is done.

namespace pymemflow::interpose {

// Holds threads during its lifetime. There is at most one, on the thread that ends the process.
class LateThreadsHeld {
 public:
  LateThreadsHeld();
  ~LateThreadsHeld();
  LateThreadsHeld(const LateThreadsHeld&) = delete;
  LateThreadsHeld& operator=(const LateThreadsHeld&) = delete;
};

}  // namespace pymemflow::interpose
