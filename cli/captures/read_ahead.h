#pragma once
// Reads the events of a large capture on a thread of its own, while the caller processes those that
// were read before. A small capture, or one on a machine with a single processor, is read by the
// caller. Called by one thread.

#include <atomic>
#include <csetjmp>
#include <cstdint>
#include <memory>
#include <thread>

#include "report/base/memory.h"
#include "report/replay/event_source.h"

namespace pymemflow::cli {

class ReadAhead final : public report::EventSource {
 public:
  ReadAhead() = default;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() override { end(); }

  // At most one object of the process reads on a thread of its own. Another one reads directly.
  void begin(report::CaptureReader& reader) override;
  const report::EventBatch* next() override;
  double progress() const override;
  void end() override;

  bool has_thread() const { return thread_.joinable(); }

 private:
  // Enough that neither side often waits for the other, and few enough for a processor's cache.
  static constexpr std::uint32_t kSlots = 32;
  // A smaller capture takes less time than it takes to begin a thread and to fill its caches.
  static constexpr std::size_t kMinBlocks = 32;

  struct Slot {
    report::EventBatch batch;  // empty: the last
    double progress = 0;
  };

  static void on_out_of_memory();
  void read_all();
  Slot& slot(std::uint32_t number) { return slots_[number % kSlots]; }

  report::DirectSource direct_;
  report::CaptureReader* reader_ = nullptr;
  std::unique_ptr<Slot[]> slots_;
  // The slots that were filled, and those that the caller does not need any more. A side adds to
  // its own count after its last access to a slot, and then the other one may use it. Both counts
  // wrap around.
  std::atomic<std::uint32_t> filled_ = 0;
  std::atomic<std::uint32_t> done_ = 0;
  std::atomic<bool> is_stopped_ = false;
  bool is_out_of_memory_ = false;  // in the last slot's place
  bool has_slot_ = false;          // the caller may be using slot `done_`
  report::OutOfMemory hook_before_ = nullptr;
  std::jmp_buf out_of_memory_;  // of the thread
  std::thread thread_;
};

}  // namespace pymemflow::cli
