#pragma once
// Memory for the time in which the originals are being looked up (on systems where they are), which
// may itself allocate. What
// was taken from here is recognised for ever: it may be freed or grown long after.

#include <cstddef>

#include "interpose/originals/originals.h"

namespace pymemflow::interpose::boot_arena {

inline constexpr std::size_t kBytes = std::size_t{256} << 10;
extern char storage[kBytes];

inline bool owns(const void* block) {
  return platform::kOriginalsAreLookedUp &&
         static_cast<std::size_t>(static_cast<const char*>(block) - storage) < kBytes;
}

// Zeros, nothing of which is handed out twice. Null, and errno set: the alignment is none, or there
// is no room.
void* take(std::size_t alignment, std::size_t size);

// realloc() of a block of the arena, by the originals once they are known.
void* grow(void* block, std::size_t size);
std::size_t usable_size(const void* block);

}  // namespace pymemflow::interpose::boot_arena
