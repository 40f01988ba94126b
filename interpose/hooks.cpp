// The functions that stand in front of the C library's. Each calls its original and hands the call
// to the recorder: after the original where a block is handed out, before it where one is taken
// back, around it where both happen. Nothing else belongs here.

#include <cerrno>

#include "interpose/boot_arena.h"
#include "interpose/real.h"
#include "interpose/recorder.h"

using namespace pymemflow::interpose;

#define PMF_EXPORT extern "C" __attribute__((visibility("default")))
#define PMF_CALLER __builtin_return_address(0)

namespace {

std::uint64_t number(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// Out of line, so that the way of nearly every free() is a straight one without a frame.
__attribute__((noinline)) void free_slowly(void* block, const void* caller) {
  record_free_slowly(block, caller);
  if (!boot_arena::owns(block)) real.free(block);
}

}  // namespace

PMF_EXPORT void* malloc(std::size_t size) noexcept {
  return record_malloc(size, real.malloc(size), PMF_CALLER);
}

PMF_EXPORT void free(void* block) noexcept {
  if (!record_free_at_once(block)) [[unlikely]]
    return free_slowly(block, PMF_CALLER);
  if (!boot_arena::owns(block)) real.free(block);
}

PMF_EXPORT void* calloc(std::size_t count, std::size_t size) noexcept {
  return record_calloc(count, size, real.calloc(count, size), PMF_CALLER);
}

PMF_EXPORT void* realloc(void* block, std::size_t size) noexcept {
  MoveRecord record(Function::realloc, PMF_CALLER);
  void* const moved =
      boot_arena::owns(block) ? boot_arena::grow(block, size) : real.realloc(block, size);
  record.finish({number(block), size}, moved);
  return moved;
}

PMF_EXPORT void* reallocarray(void* block, std::size_t count, std::size_t size) noexcept {
  MoveRecord record(Function::reallocarray, PMF_CALLER);
  std::size_t bytes;
  void* const moved = boot_arena::owns(block) && !__builtin_mul_overflow(count, size, &bytes)
                          ? boot_arena::grow(block, bytes)
                          : real.reallocarray(block, count, size);
  record.finish({number(block), count, size}, moved);
  return moved;
}

PMF_EXPORT int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  const int error = real.posix_memalign(block, alignment, size);
  const std::uint64_t result = error == 0 ? number(*block) : 0;
  record_call({Function::posix_memalign, {alignment, size}, result, PMF_CALLER});
  return error;
}

PMF_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  void* const block = real.aligned_alloc(alignment, size);
  record_call({Function::aligned_alloc, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_EXPORT void* memalign(std::size_t alignment, std::size_t size) noexcept {
  void* const block = real.memalign(alignment, size);
  record_call({Function::memalign, {alignment, size}, number(block), PMF_CALLER});
  return block;
}

PMF_EXPORT void* valloc(std::size_t size) noexcept {
  void* const block = real.valloc(size);
  record_call({Function::valloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_EXPORT void* pvalloc(std::size_t size) noexcept {
  void* const block = real.pvalloc(size);
  record_call({Function::pvalloc, {size}, number(block), PMF_CALLER});
  return block;
}

PMF_EXPORT void free_sized(void* block, std::size_t size) noexcept {
  record_call({Function::free_sized, {number(block), size}, 0, PMF_CALLER});
  if (!boot_arena::owns(block)) real.free_sized(block, size);
}

PMF_EXPORT void free_aligned_sized(void* block, std::size_t alignment, std::size_t size) noexcept {
  record_call({Function::free_aligned_sized, {number(block), alignment, size}, 0, PMF_CALLER});
  if (!boot_arena::owns(block)) real.free_aligned_sized(block, alignment, size);
}

PMF_EXPORT std::size_t malloc_usable_size(void* block) noexcept {
  return boot_arena::owns(block) ? boot_arena::usable_size(block) : real.malloc_usable_size(block);
}
