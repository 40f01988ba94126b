// Nothing is thrown in this library, and what it links of the C++ library for the case that
// something is would show in the host: a pool of 72 KiB for exceptions in times without memory,
// taken from the host's heap when the library is loaded. These stand in the place of that pool.
// Who comes here wanted to throw, from a container that was asked for too much: the report gives up
// as it does when there is no memory.

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
