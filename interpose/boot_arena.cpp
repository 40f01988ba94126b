#include "interpose/boot_arena.h"

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
  return storage + place;
}

void* take_plain(std::size_t size) noexcept {
  return take(kHeader, size);
}
void give_back(void*) noexcept {}

// Zero already: nothing of the arena is handed out twice.
void* take_array(std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return take(kHeader, bytes);
}

void* move(void* block, std::size_t size) noexcept {
  void* const moved = take(kHeader, size);
  if (moved != nullptr && block != nullptr && owns(block)) {
    const std::size_t old = usable_size(block);
    std::memcpy(moved, block, old < size ? old : size);
  }
  return moved;
}

void* move_array(void* block, std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return move(block, bytes);
}

int take_aligned_into(void** block, std::size_t alignment, std::size_t size) noexcept {
  void* const taken = take(alignment, size);
  if (taken == nullptr) return ENOMEM;
  *block = taken;
  return 0;
}

void* take_aligned(std::size_t alignment, std::size_t size) noexcept {
  return take(alignment, size);
}
void* take_page(std::size_t size) noexcept {
  return take(kPage, size);
}
void* take_pages(std::size_t size) noexcept {
  return take(kPage, (size + kPage - 1) & ~(kPage - 1));
}
void give_back_sized(void*, std::size_t) noexcept {}
void give_back_aligned(void*, std::size_t, std::size_t) noexcept {}
std::size_t size_of(void* block) noexcept {
  return owns(block) ? usable_size(block) : 0;
}

}  // namespace

constinit const Originals functions = {
    .malloc = take_plain,
    .free = give_back,
    .calloc = take_array,
    .realloc = move,
    .reallocarray = move_array,
    .posix_memalign = take_aligned_into,
    .aligned_alloc = take_aligned,
    .memalign = take_aligned,
    .valloc = take_page,
    .pvalloc = take_pages,
    .free_sized = give_back_sized,
    .free_aligned_sized = give_back_aligned,
    .malloc_usable_size = size_of,
};

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
