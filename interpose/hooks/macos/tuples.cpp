// What tells dyld to put our functions into the place of the system's, in every image but this one:
// pairs of a replacement and what it replaces, one a row of the tables. A function that this system
// does not have yet is bound weakly, and dyld leaves out a pair with a null.

#include "platform/here.h"
#include "platform/hooked_functions.h"

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

// Their addresses are all that is needed here.
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(extern "C" void pmf_hook_##name();)
#define PMF_OTHER_HOOK(name, where) PMF_HERE_##where(extern "C" void pmf_hook_##name();)
#include "capture/functions.def"
#include "interpose/originals/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK

namespace {

struct Tuple {
  void (*replacement)();
  void (*replacee)();
};

#define PMF_TUPLE(name) {&pmf_hook_##name, reinterpret_cast<void (*)()>(&::name)},
[[gnu::used, gnu::section("__DATA,__interpose")]] const Tuple tuples[] = {
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where(PMF_TUPLE(name))
#define PMF_OTHER_HOOK(name, where) PMF_HERE_##where(PMF_TUPLE(name))
#include "capture/functions.def"
#include "interpose/originals/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK
};

}  // namespace
