#pragma once
// The originals of all hooks, from both tables: `real.malloc(size)` calls the original malloc().
//
// On Linux find_originals() looks them up by name; the library's constructor calls it. A call that
// comes earlier, from another library's constructor, does the same. Nothing is locked, since no
// second thread exists then, and memory that the search requests comes from a small arena
// (boot_arena.h). Of the originals, free() alone takes blocks of the arena. On macOS the loader
// provides the originals before any code runs.

#include <cstddef>

#include "capture/event.h"
#include "interpose/originals/original.h"
#include "platform/here.h"
#include "platform/hooked_functions.h"

// The compiler's declaration of malloc has attributes that a template argument cannot have.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace pymemflow::interpose {

struct Originals {
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(Original<decltype(plain(&::name))> name{};)
#define PMF_OTHER_HOOK(name, where) PMF_HERE_##where(Original<decltype(plain(&::name))> name{};)
#include "capture/functions.def"
#include "interpose/originals/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK
};

#pragma GCC diagnostic pop

// Hidden: without that, the hooks would look up the address of `real` before each use.
extern constinit Originals real __attribute__((visibility("hidden")));

// Whether the original realloc() calls other functions of the family by their public names, and so
// reaches the hooks again: musl's does, and so do many simple allocators; glibc's does not.
extern constinit bool originals_are_nested;

// Whether the program's calls of malloc() reach our hook. They do not where another allocator, in
// the program itself or preloaded before this library, handles them without passing them on.
extern constinit bool is_malloc_ours;
// If it is false: this library is the first that defines malloc(), and another tool, such as
// valgrind, redirects the calls. At start-up only.
bool is_malloc_redirected();

// Looks up every original that is to be looked up. At start-up only; takes the loader's lock.
void find_originals();

}  // namespace pymemflow::interpose
