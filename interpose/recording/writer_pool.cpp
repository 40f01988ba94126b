#include "interpose/recording/writer_pool.h"

#include "platform/clock.h"
#include "platform/memory.h"
#include "platform/threads.h"

namespace pymemflow::interpose {
namespace {

constexpr std::uint32_t kMaxWriters = kShared - 1;
// The number of writers that a new thread examines before it creates one. Each search continues
// where the last one ended. So the writers of ended threads are found, and a process of thousands
// of threads does not ask the kernel about each of them.
constexpr std::uint32_t kProbes = 16;

}  // namespace

bool WriterPool::create(bool keeps_old_writers) {
  count_.store(0, std::memory_order_relaxed);
  cursor_.store(0, std::memory_order_relaxed);
  for (int step = 0; step < kSteps; ++step) {
    Writer* const writers = steps_[step].load(std::memory_order_relaxed);
    if (writers == nullptr) break;
    if (keeps_old_writers) {
      steps_[step].store(nullptr, std::memory_order_relaxed);
    } else {
      platform::empty_private(writers, writers_in(step) * sizeof(Writer));
    }
  }
  return require_step(0);
}

bool WriterPool::require_step(int step) {
  if (steps_[step].load(std::memory_order_acquire) != nullptr) return true;
  const std::size_t bytes = writers_in(step) * sizeof(Writer);
  auto* const made = static_cast<Writer*>(platform::map_private(bytes));
  if (made == nullptr) return false;
  Writer* expected = nullptr;
  // Another thread may have been faster.
  if (!steps_[step].compare_exchange_strong(expected, made, std::memory_order_acq_rel)) {
    platform::unmap(made, bytes);
  }
  return true;
}

bool WriterPool::add(std::uint32_t& index) {
  index = count_.load(std::memory_order_relaxed);
  do {
    if (index >= kMaxWriters || !require_step(place_of(index).step)) return false;
  } while (!count_.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel));
  return true;
}

Writer* WriterPool::acquire(std::uint32_t process, std::uint32_t thread) {
  const std::uint32_t count = count_.load(std::memory_order_acquire);
  for (std::uint32_t probe = 0; probe < kProbes && probe < count; ++probe) {
    const std::uint32_t next = cursor_.fetch_add(1, std::memory_order_relaxed);
    Writer& writer = at(next % count);
    if (take_over(writer, process, thread)) {
      writer.id = static_cast<WriterId>(next % count + 1);
      return &writer;
    }
  }
  for (std::uint32_t index; add(index);) {
    // Other threads can see it now, and one of them may take it first; then try the next one.
    Writer& writer = at(index);
    if (take_over(writer, process, thread)) {
      writer.id = static_cast<WriterId>(index + 1);
      return &writer;
    }
  }
  return nullptr;
}

void WriterPool::wait_for_records() {
  int tries = 10'000;
  for_each([&tries](Writer& writer) {
    while (!is_idle(writer.state.load(std::memory_order_acquire)) && tries-- > 0) {
      platform::sleep_us(100);
    }
  });
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
