#pragma once
// The writers of a process. A thread takes one at its first event and never gives it back: whoever
// needs one takes over that of a thread that has ended. So the last free of a dying thread is
// recorded like any other, and 20,000 short threads need no more writers than ran at once.

#include <span>

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

class WriterPool {
 public:
  // Reserves address space for all writers there can be. False: no memory.
  bool create();

  // A writer for the thread, without a window when it is new; null when there are too many. Its
  // state, position and window are as its last owner left them.
  Writer* acquire(std::uint32_t process, std::uint32_t thread);

  // All that there have been.
  std::span<Writer> all() { return {writers_, count_.load(std::memory_order_acquire)}; }

  // Returns when what other threads were recording at this moment is recorded, which takes
  // microseconds; after a second all the same, since a signal handler may have one stopped there.
  // Not while this thread records.
  void wait_for_records();

  // Makes a borrowed writer free for anyone.
  static void release(Writer& writer);

 private:
  bool take_over(Writer& writer, std::uint32_t process, std::uint32_t thread);

  Writer* writers_ = nullptr;  // writers_[0] is the one with id 1
  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint32_t> cursor_{0};
};

}  // namespace pymemflow::interpose
