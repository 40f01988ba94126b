// The originals on macOS. dyld binds them before any code runs, and in this library to the
// functions behind it (interpose/hooks/macos/tuples.cpp). A function that the running system lacks
// is null.

#include "interpose/originals/originals.h"

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace pymemflow::interpose {
namespace {

template <typename Function>
consteval Original<Function> bound_to(Function function) {
  if constexpr (requires { Original<Function>::function; }) {
    return {function};
  } else {
    return {};
  }
}

}  // namespace

constinit Originals real = {
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(.name = bound_to(plain(&::name)), )
#define PMF_OTHER_HOOK(name, where) PMF_HERE_##where(.name = bound_to(plain(&::name)), )
#include "capture/functions.def"
#include "interpose/originals/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK
};

// The system's allocator does not call itself by its public names.
constinit bool originals_are_nested = false;

// dyld has installed the hooks, or has not loaded this library.
constinit bool is_malloc_ours = true;

bool is_malloc_redirected() {
  return false;
}

void find_originals() {}

}  // namespace pymemflow::interpose
