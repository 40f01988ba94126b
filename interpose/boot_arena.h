#pragma once
// Memory for the time in which the originals are being looked up, which may itself allocate. What
// was taken from here is recognised for ever: it may be freed or grown long after.

#include <cstddef>

#include "interpose/real.h"

namespace pymemflow::interpose::boot_arena {

inline constexpr std::size_t kBytes = std::size_t{256} << 10;
extern char storage[kBytes];

inline bool owns(const void* block) {
  return static_cast<std::size_t>(static_cast<const char*>(block) - storage) < kBytes;
}

// The allocator functions over the arena.
extern const Originals functions;

// realloc() of a block of the arena, by the originals once they are known.
void* grow(void* block, std::size_t size);
std::size_t usable_size(const void* block);

}  // namespace pymemflow::interpose::boot_arena
