// The hooks of the allocator functions. Each calls its original and passes the call to the
// recorder: after the original for an allocation, before it for a release, around it for a function
// that does both. Functions that only one system has are in <system>/allocator_functions.cpp.

#include "interpose/originals/boot_arena.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/recorder.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

// Not inlined, so that the usual path of free() needs no stack frame.
__attribute__((noinline)) void free_slowly(void* block, const void* caller) {
  record_free_slowly(block, caller);
  real.free(block);
}

}  // namespace

PMF_HOOK(void*, malloc)(std::size_t size) noexcept {
  return record_malloc(size, real.malloc(size), PMF_CALLER);
}

PMF_HOOK(void, free)(void* block) noexcept {
  if (!record_free_at_once(block, PMF_CALLER)) [[unlikely]]
    return free_slowly(block, PMF_CALLER);
  real.free(block);
}

PMF_HOOK(void*, calloc)(std::size_t count, std::size_t size) noexcept {
  return record_calloc(count, size, real.calloc(count, size), PMF_CALLER);
}

PMF_HOOK(void*, realloc)(void* block, std::size_t size) noexcept {
  MoveRecord record(Function::realloc, block, PMF_CALLER);
  void* const moved =
      boot_arena::owns(block) ? boot_arena::grow(block, size) : real.realloc(block, size);
  record.finish({number(block), size}, moved);
  return moved;
}

PMF_HOOK(int, posix_memalign)(void** block, std::size_t alignment, std::size_t size) noexcept {
  const int error = real.posix_memalign(block, alignment, size);
  const std::uint64_t result = error == 0 ? number(*block) : 0;
  record_call({Function::posix_memalign, {alignment, size}, result, PMF_CALLER});
  return error;
}

PMF_HOOK(void*, aligned_alloc)(std::size_t alignment, std::size_t size) noexcept {
  void* const block = real.aligned_alloc(alignment, size);
  record_call({Function::aligned_alloc, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_HOOK(void*, valloc)(std::size_t size) noexcept {
  void* const block = real.valloc(size);
  record_call({Function::valloc, {size}, number(block), PMF_CALLER});
  return block;
}
