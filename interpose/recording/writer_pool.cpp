#include "interpose/recording/writer_pool.h"

#include "platform/clock.h"
#include "platform/memory.h"
#include "platform/threads.h"

namespace pymemflow::interpose {
namespace {

constexpr std::uint32_t kMaxWriters = kClosed - 1;
// The number of writers that a new thread examines before it creates one. Each search continues
// where the last one ended. So the writers of ended threads are found, and a process of thousands
// of threads does not ask the kernel about each of them.
constexpr std::uint32_t kProbes = 16;

}  // namespace

bool WriterPool::create() {
  writers_ = static_cast<Writer*>(platform::map_private(kMaxWriters * sizeof(Writer)));
  count_.store(0, std::memory_order_relaxed);
  cursor_.store(0, std::memory_order_relaxed);
  return writers_ != nullptr;
}

Writer* WriterPool::acquire(std::uint32_t process, std::uint32_t thread) {
  const std::uint32_t count = count_.load(std::memory_order_acquire);
  for (std::uint32_t probe = 0; probe < kProbes && probe < count; ++probe) {
    const std::uint32_t next = cursor_.fetch_add(1, std::memory_order_relaxed);
    Writer& writer = writers_[next % count];
    if (take_over(writer, process, thread)) {
      writer.id = static_cast<WriterId>(next % count + 1);
      return &writer;
    }
  }
  for (;;) {
    const std::uint32_t index = count_.fetch_add(1, std::memory_order_acq_rel);
    if (index >= kMaxWriters) {
      count_.fetch_sub(1, std::memory_order_relaxed);
      return nullptr;
    }
    // Other threads can see it now, and one of them may take it first; then try the next one.
    Writer& writer = writers_[index];
    if (take_over(writer, process, thread)) {
      writer.id = static_cast<WriterId>(index + 1);
      return &writer;
    }
  }
}

void WriterPool::wait_for_records() {
  int tries = 10'000;
  for (Writer& writer : all()) {
    while (writer.state.load(std::memory_order_acquire) != WriterState::Idle && tries-- > 0) {
      platform::sleep_us(100);
    }
  }
}

void WriterPool::release(Writer& writer) {
  // Paired with the acquire in take_over().
  writer.owner.store(0, std::memory_order_release);
}

bool WriterPool::take_over(Writer& writer, std::uint32_t process, std::uint32_t thread) {
  std::uint32_t owner = writer.owner.load(std::memory_order_relaxed);
  // Never this thread's own: a signal handler that borrows must not get the writer that it
  // interrupted.
  if (owner == thread) return false;
  if (owner != 0 && platform::is_thread_alive(process, owner)) return false;
  return writer.owner.compare_exchange_strong(owner, thread, std::memory_order_acquire);
}

}  // namespace pymemflow::interpose
