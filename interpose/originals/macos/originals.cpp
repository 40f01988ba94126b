// The originals on macOS: dyld has bound them before anything runs, and in this library to what is
// behind it (macos_tuples.cpp). So a call that comes before every constructor finds them here.

#include "interpose/originals/originals.h"

namespace pymemflow::interpose {

constinit Originals real = {
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where(.name = &::name, )
#include "capture/functions.def"
#undef PMF_FUNCTION
    .usable_size = &::malloc_size,
};

// The system's allocator does not call itself by its public names.
constinit bool originals_are_nested = false;

// dyld has put the hooks in place, or has not loaded this library.
constinit bool is_malloc_ours = true;

void find_originals() {}

}  // namespace pymemflow::interpose
