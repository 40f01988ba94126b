#pragma once
// Memory for allocations that are requested while the originals are being looked up, on systems
// where they are. A block of the arena is recognized by its address for the life of the process,
// since it may be freed or grown long after.

#include <cstddef>

#include "interpose/originals/originals.h"

namespace pymemflow::interpose::boot_arena {

inline constexpr std::size_t kBytes = std::size_t{256} << 10;
extern char storage[kBytes];

inline bool owns(const void* block) {
  return platform::kOriginalsAreLookedUp &&
         static_cast<std::size_t>(static_cast<const char*>(block) - storage) < kBytes;
}

// Returns zeros; no part of the arena is handed out twice. Null, with errno set: the alignment is
// not a power of two of at most a page, or the arena is full.
void* take(std::size_t alignment, std::size_t size);

// Notes that a block of the arena was freed. Ignores other blocks.
void give_back(const void* block);
// Whether a block of the arena has not been freed.
bool is_in_use();

// realloc() of a block of the arena: moves it to memory of the original malloc().
void* grow(void* block, std::size_t size);
std::size_t usable_size(const void* block);

}  // namespace pymemflow::interpose::boot_arena
