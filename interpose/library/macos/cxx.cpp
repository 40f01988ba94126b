// What the C++ library would bring along for exceptions and for operator new, in the place of which
// these stand: its own have a thread-local, whose first touch allocates, and operators that every
// image would take for its own. Nothing is thrown in this library, so who comes here is at the end
// of memory, or was asked for too much: the report gives up, as no_exceptions.cpp has it.

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
// Goes on with the search: there is nothing to do in any frame of ours.
int __gxx_personality_v0() {
  constexpr int kContinueUnwind = 8;
  return kContinueUnwind;
}

}  // extern "C"

// std::__libcpp_verbose_abort(), which the C++ library leaves to the program; by its symbol, since
// its declaration has changed.
extern "C" [[noreturn]] PMF_HIDDEN void pmf_abort_in_cxx(const char*, ...) __asm__(
    "__ZNSt3__122__libcpp_verbose_abortEPKcz");
[[noreturn]] void pmf_abort_in_cxx(const char*, ...) {
  pymemflow::report::give_up_for_memory();
}

// std::terminate(), which brings the thread-local.
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
