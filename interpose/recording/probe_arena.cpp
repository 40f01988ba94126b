#include "interpose/recording/probe_arena.h"

#include <atomic>
#include <bit>
#include <cstdint>

#include "platform/memory.h"

namespace pymemflow::interpose::probe_arena {
namespace {

// The size of the address range. The kernel provides pages when they are first used.
constexpr std::size_t kBytes = std::size_t{1} << 30;
constexpr std::size_t kHeadBytes = 16;  // keeps blocks aligned
constexpr int kClasses = 40;            // powers of two

struct Block {
  int size_class;
  Block* next_free;
};
static_assert(sizeof(Block) <= kHeadBytes);

constinit char* begin = nullptr;
constinit std::atomic<std::size_t> used{0};
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

}  // namespace

bool create() {
  begin = static_cast<char*>(platform::map_private(kBytes));
  return begin != nullptr;
}

bool owns(const void* block) {
  return begin != nullptr &&
         static_cast<std::size_t>(static_cast<const char*>(block) - begin) < kBytes;
}

void* allocate(std::size_t bytes) {
  if (begin == nullptr || bytes > kBytes / 4) return nullptr;
  const int size_class = class_of(bytes);
  Block* block = take_free(size_class);
  if (block == nullptr) {
    const std::size_t size = std::size_t{1} << size_class;
    const std::size_t offset = used.fetch_add(size, std::memory_order_relaxed);
    if (offset + size > kBytes) {
      used.fetch_sub(size, std::memory_order_relaxed);
      return nullptr;
    }
    block = reinterpret_cast<Block*>(begin + offset);
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
