// The table by which dyld replaces the system's functions with the hooks in every image except this
// one: a pair of replacement and original for each row of the tables. A function that the running
// system lacks is bound weakly, so it is null and dyld ignores its pair.

#include "platform/here.h"
#include "platform/hooked_functions.h"

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

// Only the addresses of the hooks are used here.
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
