#pragma once
// The writers of a process. A thread takes one at its first event and never returns it. A new
// thread takes over the writer of a thread that has ended. So the last free() of an ending thread
// is recorded like any other, and 20,000 short threads need no more writers than run at the same
// time. The table grows in steps, each twice as large as the one before; a writer never moves.

#include <bit>

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

class WriterPool {
 public:
  // Begins an empty pool, with memory for the first writers. False: no memory. In a forked child
  // the parent's writers become free memory, unless they are to be kept as they are.
  bool create(bool keeps_old_writers);

  // Returns a writer for the thread, or null if there are too many, or no memory for more. A new
  // writer has no window; otherwise state, position and window are as the previous owner left them.
  Writer* acquire(std::uint32_t process, std::uint32_t thread);

  // Calls visit(writer) for all writers that have been used.
  template <typename Visit>
  void for_each(Visit visit) {
    const std::uint32_t count = count_.load(std::memory_order_acquire);
    for (std::uint32_t index = 0; index < count; ++index) visit(at(index));
  }

  // Waits until the records that other threads are writing now are complete, which takes
  // microseconds. Gives up after a second, since a thread may be stopped in a signal handler. Not
  // while this thread records.
  void wait_for_records();

  // Frees a borrowed writer.
  static void release(Writer& writer);

 private:
  // The steps have 16, 32, 64... writers.
  static constexpr int kFirstStepBits = 4;
  static constexpr int kSteps = kWriterBits - kFirstStepBits + 1;
  struct Place {
    int step;
    std::uint32_t index;  // in its step
  };
  static constexpr std::uint32_t writers_in(int step) {
    // The analyzer does not know that bit_width() of a number is at least 1, so that no step is -1.
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
    return 1U << (static_cast<unsigned>(step) + kFirstStepBits);
  }
  static constexpr Place place_of(std::uint32_t index) {
    const std::uint32_t number = index + writers_in(0);
    const auto step = static_cast<int>(std::bit_width(number)) - 1 - kFirstStepBits;
    return {step, number - writers_in(step)};
  }
  Writer& at(std::uint32_t index) {
    const Place place = place_of(index);
    return steps_[place.step].load(std::memory_order_acquire)[place.index];
  }
  bool require_step(int step);
  // Adds a writer. False: there are too many, or there is no memory.
  bool add(std::uint32_t& index);
  bool take_over(Writer& writer, std::uint32_t process, std::uint32_t thread);

  std::atomic<Writer*> steps_[kSteps] = {};  // the first writer of the first one has id 1
  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint32_t> cursor_{0};
};

}  // namespace pymemflow::interpose
