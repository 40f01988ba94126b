// The originals by name. dlsym() would find our own hooks in their place: dyld puts them into every
// answer. But what this library refers to by name stays the original.

#include <dlfcn.h>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "platform/allocator.h"
#include "platform/here.h"
#include "platform/platform.h"

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace pymemflow::platform {
namespace {

struct Original {
  const char* name;
  void* function;
};

const Original kOriginals[] = {
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where({#name, reinterpret_cast<void*>(&::name)}, )
#define PMF_OTHER_HOOK(name, where) PMF_HERE_##where({#name, reinterpret_cast<void*>(&::name)}, )
#include "capture/functions.def"
#include "interpose/hooks/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK
};

}  // namespace

void* find_original(const char* name) {
  for (const Original& original : kOriginals) {
    if (std::strcmp(original.name, name) == 0) return original.function;
  }
  return nullptr;
}

SymbolLookup find_symbol_lookup() {
  return ::dlsym;
}

}  // namespace pymemflow::platform
