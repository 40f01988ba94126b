// Replaces the C++ library's support for exceptions and its operator new. The originals have a
// thread-local whose first use allocates, and operators that every image in the process would use.
// This library throws no exceptions, so these are reached when memory has run out or a container
// would be too large: the report then gives up, as in no_exceptions.cpp.

#include <cstddef>
#include <cstdlib>
#include <new>

#include "report/base/memory.h"

#define PMF_HIDDEN __attribute__((visibility("hidden")))

extern "C" {

PMF_HIDDEN void __cxa_throw(void*, void*, void (*)(void*));
PMF_HIDDEN void* __cxa_begin_catch(void*);
PMF_HIDDEN void __cxa_end_catch();
PMF_HIDDEN void __cxa_rethrow();
PMF_HIDDEN int __gxx_personality_v0();

void __cxa_throw(void*, void*, void (*)(void*)) {
  pymemflow::report::give_up_for_memory();
}
void* __cxa_begin_catch(void*) {
  pymemflow::report::give_up_for_memory();
}
void __cxa_end_catch() {}
void __cxa_rethrow() {
  pymemflow::report::give_up_for_memory();
}
// Continues the search: no frame of this library has anything to clean up.
int __gxx_personality_v0() {
  constexpr int kContinueUnwind = 8;
  return kContinueUnwind;
}

}  // extern "C"

// std::__libcpp_verbose_abort(), which the program may replace. Defined by its symbol, since its
// declaration differs between versions.
extern "C" [[noreturn]] PMF_HIDDEN void pmf_abort_in_cxx(const char*, ...) __asm__(
    "__ZNSt3__122__libcpp_verbose_abortEPKcz");
[[noreturn]] void pmf_abort_in_cxx(const char*, ...) {
  pymemflow::report::give_up_for_memory();
}

// std::terminate(), whose original brings the thread-local along.
extern "C" [[noreturn]] PMF_HIDDEN void pmf_terminate() __asm__("__ZSt9terminatev");
[[noreturn]] void pmf_terminate() {
  pymemflow::report::give_up_for_memory();
}

void* operator new(std::size_t bytes) {
  if (void* const block = std::malloc(bytes)) return block;
  pymemflow::report::give_up_for_memory();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
