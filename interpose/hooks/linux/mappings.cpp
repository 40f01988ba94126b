// The hooks of the mapping functions that only Linux has. See hooks/mappings.cpp.

#include <cstdarg>

#include "interpose/hooks/mapping_traits.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/mappings/mapping_records.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

// Older headers lack it.
#ifdef MREMAP_DONTUNMAP
constexpr int kDontUnmap = MREMAP_DONTUNMAP;
#else
constexpr int kDontUnmap = 4;
#endif

}  // namespace

// musl has this name in some versions only.
PMF_HOOK(void*, mmap64)
(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  void* const result = real.mmap64 ? real.mmap64(address, bytes, protection, flags, file, offset)
                                   : real.mmap(address, bytes, protection, flags, file, offset);
  if (result != MAP_FAILED) {
    record_mapped(MappingFunction::mmap64, mapping_traits(protection, flags), bytes, result,
                  PMF_CALLER);
  }
  return result;
}

// The fifth argument is there with some flags alone. It is passed on as it is, since it is up to
// the original which these are.
PMF_HOOK(void*, mremap)
(void* address, std::size_t bytes, std::size_t new_bytes, int flags, ...) noexcept {
  std::va_list list;
  va_start(list, flags);
  void* const place = va_arg(list, void*);
  va_end(list);
  const ReleasedRange range(MappingFunction::mremap, address, bytes, PMF_CALLER);
  void* const result = real.mremap(address, bytes, new_bytes, flags, place);
  if (result == MAP_FAILED) {
    range.fail();
  } else {
    range.move(new_bytes, result, (flags & kDontUnmap) != 0);
  }
  return result;
}
