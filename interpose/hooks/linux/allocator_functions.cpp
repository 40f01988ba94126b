// The hooks of the allocator functions that only Linux has.

#include "interpose/originals/boot_arena.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/recorder.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(void*, reallocarray)(void* block, std::size_t count, std::size_t size) noexcept {
  MoveRecord record(Function::reallocarray, block, PMF_CALLER);
  std::size_t bytes;
  void* const moved = boot_arena::owns(block) && !__builtin_mul_overflow(count, size, &bytes)
                          ? boot_arena::grow(block, bytes)
                          : real.reallocarray(block, count, size);
  record.finish({number(block), count, size}, moved);
  return moved;
}

PMF_HOOK(void*, memalign)(std::size_t alignment, std::size_t size) noexcept {
  void* const block = real.memalign(alignment, size);
  record_call({Function::memalign, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, pvalloc)(std::size_t size) noexcept {
  void* const block = real.pvalloc(size);
  record_call({Function::pvalloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void, free_sized)(void* block, std::size_t size) noexcept {
  record_call({Function::free_sized, {number(block), size}, 0, PMF_CALLER});
  if (!boot_arena::owns(block)) real.free_sized(block, size);
}

PMF_HOOK(void, free_aligned_sized)(void* block, std::size_t alignment, std::size_t size) noexcept {
  record_call({Function::free_aligned_sized, {number(block), alignment, size}, 0, PMF_CALLER});
  if (!boot_arena::owns(block)) real.free_aligned_sized(block, alignment, size);
}

PMF_HOOK(std::size_t, malloc_usable_size)(void* block) noexcept {
  return boot_arena::owns(block) ? boot_arena::usable_size(block) : real.malloc_usable_size(block);
}
