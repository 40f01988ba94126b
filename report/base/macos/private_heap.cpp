// The heap of the report on macOS: a malloc zone. Homebrew's mimalloc is not used, since it makes
// itself the zone of the whole process as soon as it is loaded.

#include "report/base/private_heap.h"

#include <malloc/malloc.h>

namespace pymemflow::report {
namespace {

malloc_zone_t* zone() {
  static malloc_zone_t* const made = ::malloc_create_zone(0, 0);
  return made;
}

// Calls from this library reach the original functions (interpose/hooks/macos/tuples.cpp).
void* allocate_in_zone(std::size_t size_bytes) {
  return ::malloc_zone_malloc(zone(), size_bytes);
}
void release_in_zone(void* block) {
  ::malloc_zone_free(zone(), block);
}

}  // namespace

const PrivateHeap* private_heap() {
  static constexpr PrivateHeap kHeap = {allocate_in_zone, release_in_zone};
  return zone() == nullptr ? nullptr : &kHeap;
}

// There is nothing to open, and the system chooses the size of pages.
void expect_record(std::uint64_t /*size_bytes*/) {}

// Does nothing: the system prepares its heaps for a forked child.
void forget_private_heap() {}

}  // namespace pymemflow::report
