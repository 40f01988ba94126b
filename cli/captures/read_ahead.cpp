#include "cli/captures/read_ahead.h"

#include <system_error>

namespace pymemflow::cli {
namespace {

// The object that reads on a thread of its own.
std::atomic<ReadAhead*> active = nullptr;

thread_local bool is_reading_thread = false;

}  // namespace

void ReadAhead::begin(report::CaptureReader& reader) {
  reader_ = &reader;
  direct_.begin(reader);
  const bool is_worth_it =
      std::thread::hardware_concurrency() > 1 && reader.event_blocks() >= kMinBlocks;
  ReadAhead* none = nullptr;
  if (!is_worth_it || !active.compare_exchange_strong(none, this)) return;
  slots_ = std::make_unique<Slot[]>(kSlots);
  filled_ = done_ = 0;
  is_stopped_ = is_out_of_memory_ = has_slot_ = false;
  hook_before_ = report::set_out_of_memory(on_out_of_memory);
  try {
    thread_ = std::thread([this] { read_all(); });
  } catch (const std::system_error&) {
    // There can be no more threads.
    report::set_out_of_memory(hook_before_);
    active = nullptr;
  }
}

const report::EventBatch* ReadAhead::next() {
  if (!thread_.joinable()) return direct_.next();
  if (has_slot_) {
    done_.fetch_add(1, std::memory_order_release);
    done_.notify_one();
  }
  const std::uint32_t number = done_.load(std::memory_order_relaxed);
  filled_.wait(number, std::memory_order_acquire);
  has_slot_ = true;
  const report::EventBatch& batch = slot(number).batch;
  if (batch.size != 0) return &batch;
  end();
  if (is_out_of_memory_) report::give_up_for_memory();
  return nullptr;
}

double ReadAhead::progress() const {
  if (!thread_.joinable()) return direct_.progress();
  return has_slot_ ? slots_[done_.load(std::memory_order_relaxed) % kSlots].progress : 0;
}

void ReadAhead::end() {
  if (!thread_.joinable()) return;
  is_stopped_ = true;
  // The thread may be waiting for a free slot.
  done_.fetch_add(1, std::memory_order_release);
  done_.notify_one();
  thread_.join();
  report::set_out_of_memory(hook_before_);
  active = nullptr;
}

void ReadAhead::read_all() {
  is_reading_thread = true;
  // The reader cannot go on from the state in which memory ran out, and nobody uses it then.
  if (setjmp(out_of_memory_) != 0) is_out_of_memory_ = true;
  for (;;) {
    const std::uint32_t number = filled_.load(std::memory_order_relaxed);
    std::uint32_t done = done_.load(std::memory_order_acquire);
    while (number - done >= kSlots && !is_stopped_) {
      done_.wait(done);
      done = done_.load(std::memory_order_acquire);
    }
    if (is_stopped_) return;
    Slot& next = slot(number);
    next.batch.size = 0;
    const bool is_last = is_out_of_memory_ || !reader_->next(next.batch);
    next.progress = reader_->progress();
    filled_.fetch_add(1, std::memory_order_release);
    filled_.notify_one();
    if (is_last) return;
  }
}

// The report goes back to where it can end. Before the caller does, the thread must have ended,
// because it uses what the caller leaves.
void ReadAhead::on_out_of_memory() {
  ReadAhead& self = *active.load();
  if (is_reading_thread) std::longjmp(self.out_of_memory_, 1);
  self.end();
  report::give_up_for_memory();
}

}  // namespace pymemflow::cli
