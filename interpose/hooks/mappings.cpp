// The hooks of mmap() and munmap(), by which programs and libraries obtain memory without an
// allocator function. Their originals are the C library's wrappers of system calls. What the C
// library maps for itself, and raw system calls, do not come here.

#include "interpose/hooks/mapping_traits.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/mappings/mapping_records.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(void*, mmap)
(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  void* const result = real.mmap(address, bytes, protection, flags, file, offset);
  if (result != MAP_FAILED) {
    record_mapped(MappingFunction::mmap, mapping_traits(protection, flags), bytes, result,
                  PMF_CALLER);
  }
  return result;
}

PMF_HOOK(int, munmap)(void* address, std::size_t bytes) noexcept {
  const ReleasedRange range(MappingFunction::munmap, address, bytes, PMF_CALLER);
  const int error = real.munmap(address, bytes);
  if (error != 0) range.fail();
  return error;
}
