#pragma once
// Declares every function that is hooked on this system (capture/functions.def and
// interpose/originals/other_hooks.def), so that its type is known. Includes functions that are
// newer than the C library's headers may be.

#include <cstddef>

#ifdef __APPLE__

#  include <dlfcn.h>
#  include <malloc/malloc.h>
#  include <pthread.h>
#  include <spawn.h>
#  include <stdlib.h>
#  include <sys/mman.h>
#  include <unistd.h>

// The function that returns a block's usable size.
#  define PMF_USABLE_SIZE malloc_size

namespace pymemflow::platform {
using AskedBlock = const void*;
}  // namespace pymemflow::platform

#else

#  include <dlfcn.h>
#  include <pthread.h>
#  include <spawn.h>
#  include <sys/mman.h>
#  include <sys/prctl.h>
#  include <sys/resource.h>
#  include <sys/wait.h>
#  include <unistd.h>

#  include <cstdio>
#  include <cstdlib>

// Some C libraries declare these too. NOLINTBEGIN(readability-redundant-declaration)
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
int execveat(int folder, const char* path, char* const* arguments, char* const* environment,
             int flags) noexcept;
int close_range(unsigned first, unsigned last, int flags) noexcept;
void closefrom(int lowest) noexcept;
void* mmap64(void* address, std::size_t bytes, int protection, int flags, int file,
             off_t offset) noexcept;
}
// NOLINTEND(readability-redundant-declaration)

#  define PMF_USABLE_SIZE malloc_usable_size

namespace pymemflow::platform {
using AskedBlock = void*;
}  // namespace pymemflow::platform

#endif

namespace pymemflow::platform {

// AskedBlock is the type in which PMF_USABLE_SIZE takes a block.

// Whether originals are looked up by name, which may call allocator functions. Where they are not,
// the loader provides them before any code runs.
#ifdef __APPLE__
inline constexpr bool kOriginalsAreLookedUp = false;
#else
inline constexpr bool kOriginalsAreLookedUp = true;
#endif

}  // namespace pymemflow::platform
