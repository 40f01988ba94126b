#include "interpose/recording/probe_arena.h"

#include <atomic>
#include <bit>
#include <cstdint>

#include "platform/memory.h"

namespace pymemflow::interpose::probe_arena {
namespace {

// The arena grows in steps, each twice as large as the one before: up to 1 GiB.
constexpr std::size_t kFirstStepBytes = std::size_t{1} << 20;
constexpr int kSteps = 10;
constexpr std::size_t bytes_of(int step) {
  return kFirstStepBytes << step;
}
constexpr std::size_t kHeadBytes = 16;  // keeps blocks aligned
constexpr int kClasses = 40;            // powers of two

struct Block {
  int size_class;
  Block* next_free;
};
static_assert(sizeof(Block) <= kHeadBytes);

struct Step {
  std::atomic<char*> begin;
  std::atomic<std::size_t> used;
};
constinit Step steps[kSteps] = {};
constinit std::atomic<int> step_count{0};
constinit std::atomic<bool> is_locked{false};
constinit Block* free_blocks[kClasses] = {};  // guarded by is_locked

int class_of(std::size_t bytes) {
  return static_cast<int>(std::bit_width(bytes + kHeadBytes - 1));
}

Block* head_of(const void* block) {
  return reinterpret_cast<Block*>(static_cast<char*>(const_cast<void*>(block)) - kHeadBytes);
}

bool try_lock() {
  return !is_locked.exchange(true, std::memory_order_acquire);
}
void unlock() {
  is_locked.store(false, std::memory_order_release);
}

Block* take_free(int size_class) {
  if (!try_lock()) return nullptr;
  Block* const block = free_blocks[size_class];
  if (block != nullptr) free_blocks[size_class] = block->next_free;
  unlock();
  return block;
}

// Makes `count` steps out of count - 1. False: there is no memory.
bool add_step(int count) {
  if (count > kSteps) return false;
  Step& step = steps[count - 1];
  if (step.begin.load(std::memory_order_acquire) == nullptr) {
    auto* const made = static_cast<char*>(platform::map_private(bytes_of(count - 1)));
    if (made == nullptr) return false;
    char* expected = nullptr;
    // Another thread may have been faster.
    if (!step.begin.compare_exchange_strong(expected, made, std::memory_order_acq_rel)) {
      platform::unmap(made, bytes_of(count - 1));
    }
  }
  int expected = count - 1;
  step_count.compare_exchange_strong(expected, count, std::memory_order_acq_rel);
  return true;
}

// Null: the latest step has no room for it.
Block* take_new(int count, std::size_t size) {
  Step& step = steps[count - 1];
  if (size > bytes_of(count - 1)) return nullptr;
  const std::size_t offset = step.used.fetch_add(size, std::memory_order_relaxed);
  if (offset + size > bytes_of(count - 1)) {
    step.used.fetch_sub(size, std::memory_order_relaxed);
    return nullptr;
  }
  return reinterpret_cast<Block*>(step.begin.load(std::memory_order_acquire) + offset);
}

}  // namespace

bool create() {
  return add_step(1);
}

bool owns(const void* block) {
  const int count = step_count.load(std::memory_order_acquire);
  for (int step = 0; step < count; ++step) {
    const char* const begin = steps[step].begin.load(std::memory_order_relaxed);
    if (reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(begin) <
        bytes_of(step)) {
      return true;
    }
  }
  return false;
}

void* allocate(std::size_t bytes) {
  if (bytes > bytes_of(kSteps - 1) / 2) return nullptr;
  const int size_class = class_of(bytes);
  Block* block = take_free(size_class);
  if (block == nullptr) {
    const std::size_t size = std::size_t{1} << size_class;
    int count = step_count.load(std::memory_order_acquire);
    if (count == 0) return nullptr;
    while ((block = take_new(count, size)) == nullptr) {
      if (!add_step(++count)) return nullptr;
    }
    block->size_class = size_class;
  }
  return reinterpret_cast<char*>(block) + kHeadBytes;
}

void release(void* address) {
  Block* const block = head_of(address);
  if (!try_lock()) return;
  block->next_free = free_blocks[block->size_class];
  free_blocks[block->size_class] = block;
  unlock();
}

std::size_t usable_size(const void* block) {
  return (std::size_t{1} << head_of(block)->size_class) - kHeadBytes;
}

}  // namespace pymemflow::interpose::probe_arena
