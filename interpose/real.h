#pragma once
// The originals: the functions that ours stand in front of. Found by find_originals(), which the
// library's constructor calls; a call that comes before it finds them itself, and what the search
// allocates comes from a small arena (boot_arena.h).

#include <cstddef>

#include "interpose/event.h"

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

namespace pymemflow::interpose {

struct Originals {
#define PMF_FUNCTION(name, arguments, effect) decltype(&::name) name;
#include "interpose/functions.def"
#undef PMF_FUNCTION
  decltype(&::malloc_usable_size) malloc_usable_size;
};

extern constinit Originals real;

// Whether the original realloc() calls other functions of the family by their public names, hence
// ours: musl's does, and many a simple allocator's; glibc's does not.
extern constinit bool originals_are_nested;

// Whether the program's calls of malloc() come to ours: not where another allocator stands before
// it, in the program itself or preloaded first, unless that one hands them on.
extern constinit bool is_malloc_ours;

void find_originals();

}  // namespace pymemflow::interpose
