// Replaces the C++ library's allocation of exceptions. This library throws none, but linking the
// original would take 72 KiB from the host's heap at load time, as an emergency pool for
// exceptions. Reached when code in the library tries to throw, for instance because a container
// would be too large: the report then gives up as it does without memory.

#include <cstddef>

#include "report/base/memory.h"

extern "C" {

void* __cxa_allocate_exception(std::size_t) noexcept;
void __cxa_free_exception(void*) noexcept;

void* __cxa_allocate_exception(std::size_t) noexcept {
  pymemflow::report::give_up_for_memory();
}

void __cxa_free_exception(void*) noexcept {}

}  // extern "C"
