#pragma once
// The writers of a process. A thread takes one at its first event and never returns it. A new
// thread takes over the writer of a thread that has ended. So the last free() of an ending thread
// is recorded like any other, and 20,000 short threads need no more writers than run at the same
// time.

#include <span>

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

class WriterPool {
 public:
  // Reserves address space for all writers there can be. False: no memory.
  bool create();

  // Returns a writer for the thread, or null if there are too many. A new writer has no window;
  // otherwise state, position and window are as the previous owner left them.
  Writer* acquire(std::uint32_t process, std::uint32_t thread);

  // All writers that have been used.
  std::span<Writer> all() { return {writers_, count_.load(std::memory_order_acquire)}; }

  // Waits until the records that other threads are writing now are complete, which takes
  // microseconds. Gives up after a second, since a thread may be stopped in a signal handler. Not
  // while this thread records.
  void wait_for_records();

  // Frees a borrowed writer.
  static void release(Writer& writer);

 private:
  bool take_over(Writer& writer, std::uint32_t process, std::uint32_t thread);

  Writer* writers_ = nullptr;  // writers_[0] is the one with id 1
  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint32_t> cursor_{0};
};

}  // namespace pymemflow::interpose
