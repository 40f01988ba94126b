#pragma once
// The system's allocator functions, as the compiler must know them to point to them.

#include <cstddef>

#ifdef __APPLE__

#  include <malloc/malloc.h>
#  include <stdlib.h>

namespace pymemflow::platform {
using AskedBlock = const void*;
inline constexpr auto usable_size_of = &::malloc_size;
}  // namespace pymemflow::platform

#else

// Younger than the C library's headers may be.
extern "C" {
void free_sized(void* block, std::size_t size) noexcept;
void free_aligned_sized(void* block, std::size_t alignment, std::size_t size) noexcept;
void* malloc(std::size_t size) noexcept;
void free(void* block) noexcept;
void* calloc(std::size_t count, std::size_t size) noexcept;
void* realloc(void* block, std::size_t size) noexcept;
void* reallocarray(void* block, std::size_t count, std::size_t size) noexcept;
int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept;
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept;
void* memalign(std::size_t alignment, std::size_t size) noexcept;
void* valloc(std::size_t size) noexcept;
void* pvalloc(std::size_t size) noexcept;
std::size_t malloc_usable_size(void* block) noexcept;
}

namespace pymemflow::platform {
using AskedBlock = void*;
inline constexpr auto usable_size_of = &::malloc_usable_size;
}  // namespace pymemflow::platform

#endif

namespace pymemflow::platform {

// How many bytes a block has; AskedBlock is what this system has a block for there.
using UsableSize = std::size_t (*)(AskedBlock block);

// Whether the originals are looked up by name, which may call allocator functions. Where they are
// not, they are known before anything runs.
#ifdef __APPLE__
inline constexpr bool kOriginalsAreLookedUp = false;
#else
inline constexpr bool kOriginalsAreLookedUp = true;
#endif

}  // namespace pymemflow::platform
