#pragma once
// Stops the other threads of the process for a while, for Linux files alone. Each runs a handler of
// signal 33 that sleeps. That signal belongs to the C library, which removes it from every mask
// that a program sets, so no thread blocks it for longer than the library's own moments. A signal
// 33 that is not from here is handed on to the handler of the C library.
//
// A thread that faults or aborts before it stops is held where it does, since the process would be
// gone without us.
//
// A thread stops wherever it is, with the locks that it holds. So the caller takes no lock until
// the object is gone: it works by system calls alone.

#include <span>

namespace pymemflow::platform {

class HeldThreads {
 public:
  // Returns when all of them have stopped, or stop before they next run code of the program; after
  // 20 ms at the latest. Stops none if they cannot be listed (no descriptor, no /proc, or that of
  // another process id namespace), or after forbid(). For one thread at a time, with all signals
  // blocked.
  HeldThreads();
  // Lets them go on 50 ms later: a process that ends at once ends before them. Restores the actions
  // of the signals; that of signal 33 only if no thread has yet to take it.
  ~HeldThreads();
  HeldThreads(const HeldThreads&) = delete;
  HeldThreads& operator=(const HeldThreads&) = delete;

  // From here on no thread is stopped: the program forbids system calls that this needs.
  static void forbid();
  // The system calls that this needs, but for those of the recorder.
  static std::span<const long> calls();

 private:
  bool has_begun_ = false;
};

}  // namespace pymemflow::platform
