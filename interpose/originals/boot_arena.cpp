#include "interpose/originals/boot_arena.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace pymemflow::interpose::boot_arena {

alignas(4096) char storage[kBytes];

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHeader = 16;  // holds the block's size, and keeps what follows aligned

std::atomic<std::size_t> used{0};
std::atomic<std::size_t> blocks{0};  // that were not freed

}  // namespace

void* take(std::size_t alignment, std::size_t size) {
  if (alignment < kHeader) alignment = kHeader;
  if (size > kBytes || alignment > kPage || (alignment & (alignment - 1)) != 0) {
    errno = ENOMEM;
    return nullptr;
  }
  std::size_t before = used.load(std::memory_order_relaxed);
  std::size_t place;
  do {
    place = (before + kHeader + alignment - 1) & ~(alignment - 1);
    if (place + size > kBytes) {
      errno = ENOMEM;
      return nullptr;
    }
  } while (!used.compare_exchange_weak(before, place + size, std::memory_order_relaxed));
  std::memcpy(storage + place - kHeader, &size, sizeof size);
  blocks.fetch_add(1, std::memory_order_relaxed);
  return storage + place;
}

void give_back(const void* block) {
  if (owns(block)) blocks.fetch_sub(1, std::memory_order_relaxed);
}

bool is_in_use() {
  return blocks.load(std::memory_order_relaxed) != 0;
}

void* grow(void* block, std::size_t size) {
  void* const moved = real.malloc(size);
  if (moved == nullptr) return nullptr;
  const std::size_t old = usable_size(block);
  std::memcpy(moved, block, old < size ? old : size);
  return moved;
}

std::size_t usable_size(const void* block) {
  std::size_t size;
  std::memcpy(&size, static_cast<const char*>(block) - kHeader, sizeof size);
  return size;
}

}  // namespace pymemflow::interpose::boot_arena
