#pragma once
// The originals: the functions that ours stand in front of. On Linux they are found by
// find_originals(), which the library's constructor calls; a call that comes before it finds them
// itself, and what the search allocates comes from a small arena (boot_arena.h). On macOS the
// loader has put them here before anything runs.

#include <cstddef>

#include "capture/event.h"
#include "platform/allocator.h"
#include "platform/here.h"

namespace pymemflow::interpose {

struct Originals {
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where(decltype(&::name) name;)
#include "capture/functions.def"
#undef PMF_FUNCTION
  platform::UsableSize usable_size;
};

extern constinit Originals real;

// Whether the original realloc() calls other functions of the family by their public names, hence
// ours: musl's does, and many a simple allocator's; glibc's does not.
extern constinit bool originals_are_nested;

// Whether the program's calls of malloc() come to ours: not where another allocator stands before
// it, in the program itself or preloaded first, unless that one hands them on.
extern constinit bool is_malloc_ours;

void find_originals();

}  // namespace pymemflow::interpose
