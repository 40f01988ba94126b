// The hooks of the allocator functions that only macOS has: zones, and the functions that take the
// type of the allocation (malloc_type_..., from macOS 14 on). Zone and type are not recorded.

#include "interpose/originals/originals.h"
#include "interpose/recording/recorder.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(std::size_t, malloc_size)(const void* block) noexcept {
  return real.malloc_size(block);
}

// reallocf() is a realloc() that frees the block if it fails. The free is a second event.
PMF_HOOK(void*, reallocf)(void* block, std::size_t size) noexcept {
  MoveRecord record(Function::reallocf, block, PMF_CALLER);
  void* const moved = real.realloc(block, size);
  record.finish({number(block), size}, moved);
  if (moved == nullptr && block != nullptr) {
    record_free(block, PMF_CALLER);
    real.free(block);
  }
  return moved;
}

PMF_HOOK(void*, malloc_zone_malloc)(malloc_zone_t* zone, std::size_t size) noexcept {
  void* const block = real.malloc_zone_malloc(zone, size);
  record_call({Function::malloc_zone_malloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_zone_calloc)
(malloc_zone_t* zone, std::size_t count, std::size_t size) noexcept {
  void* const block = real.malloc_zone_calloc(zone, count, size);
  record_call({Function::malloc_zone_calloc, {count, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_zone_realloc)(malloc_zone_t* zone, void* block, std::size_t size) noexcept {
  MoveRecord record(Function::malloc_zone_realloc, block, PMF_CALLER);
  void* const moved = real.malloc_zone_realloc(zone, block, size);
  record.finish({number(block), size}, moved);
  return moved;
}

PMF_HOOK(void*, malloc_zone_valloc)(malloc_zone_t* zone, std::size_t size) noexcept {
  void* const block = real.malloc_zone_valloc(zone, size);
  record_call({Function::malloc_zone_valloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_zone_memalign)
(malloc_zone_t* zone, std::size_t alignment, std::size_t size) noexcept {
  void* const block = real.malloc_zone_memalign(zone, alignment, size);
  record_call({Function::malloc_zone_memalign, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void, malloc_zone_free)(malloc_zone_t* zone, void* block) noexcept {
  record_call({Function::malloc_zone_free, {number(block)}, 0, PMF_CALLER});
  real.malloc_zone_free(zone, block);
}

PMF_HOOK(void*, malloc_type_malloc)(std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_malloc(size, type);
  record_call({Function::malloc_type_malloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_type_calloc)
(std::size_t count, std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_calloc(count, size, type);
  record_call({Function::malloc_type_calloc, {count, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_type_realloc)
(void* block, std::size_t size, malloc_type_id_t type) noexcept {
  MoveRecord record(Function::malloc_type_realloc, block, PMF_CALLER);
  void* const moved = real.malloc_type_realloc(block, size, type);
  record.finish({number(block), size}, moved);
  return moved;
}

PMF_HOOK(void*, malloc_type_valloc)(std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_valloc(size, type);
  record_call({Function::malloc_type_valloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_type_aligned_alloc)
(std::size_t alignment, std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_aligned_alloc(alignment, size, type);
  record_call({Function::malloc_type_aligned_alloc, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(int, malloc_type_posix_memalign)
(void** block, std::size_t alignment, std::size_t size, malloc_type_id_t type) noexcept {
  const int error = real.malloc_type_posix_memalign(block, alignment, size, type);
  const std::uint64_t result = error == 0 ? number(*block) : 0;
  record_call({Function::malloc_type_posix_memalign, {alignment, size}, result, PMF_CALLER});
  return error;
}

PMF_HOOK(void, malloc_type_free)(void* block, malloc_type_id_t type) noexcept {
  record_call({Function::malloc_type_free, {number(block)}, 0, PMF_CALLER});
  real.malloc_type_free(block, type);
}

PMF_HOOK(void*, malloc_type_zone_malloc)
(malloc_zone_t* zone, std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_zone_malloc(zone, size, type);
  record_call({Function::malloc_type_zone_malloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_type_zone_calloc)
(malloc_zone_t* zone, std::size_t count, std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_zone_calloc(zone, count, size, type);
  record_call({Function::malloc_type_zone_calloc, {count, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_type_zone_realloc)
(malloc_zone_t* zone, void* block, std::size_t size, malloc_type_id_t type) noexcept {
  MoveRecord record(Function::malloc_type_zone_realloc, block, PMF_CALLER);
  void* const moved = real.malloc_type_zone_realloc(zone, block, size, type);
  record.finish({number(block), size}, moved);
  return moved;
}

PMF_HOOK(void*, malloc_type_zone_valloc)
(malloc_zone_t* zone, std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_zone_valloc(zone, size, type);
  record_call({Function::malloc_type_zone_valloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, malloc_type_zone_memalign)
(malloc_zone_t* zone, std::size_t alignment, std::size_t size, malloc_type_id_t type) noexcept {
  void* const block = real.malloc_type_zone_memalign(zone, alignment, size, type);
  record_call({Function::malloc_type_zone_memalign, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void, malloc_type_zone_free)
(malloc_zone_t* zone, void* block, malloc_type_id_t type) noexcept {
  record_call({Function::malloc_type_zone_free, {number(block)}, 0, PMF_CALLER});
  real.malloc_type_zone_free(zone, block, type);
}
