#include "interpose/real.h"

#include "interpose/boot_arena.h"
#include "interpose/platform/platform.h"

// The compiler knows more of malloc than its type says, and tells us that a template does not.
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace pymemflow::interpose {
namespace {

// Stands for an original until the first call of it: finds them all, then goes on there.
template <auto kMember, typename Function>
struct First;

template <auto kMember, typename Result, typename... Arguments>
struct First<kMember, Result (*)(Arguments...) noexcept> {
  static Result call(Arguments... arguments) noexcept {
    find_originals();
    return (real.*kMember)(arguments...);
  }
};

void free_without_size(void* block, std::size_t) noexcept {
  real.free(block);
}
void free_without_sizes(void* block, std::size_t, std::size_t) noexcept {
  real.free(block);
}

template <typename Function>
void find(Function& original, const char* name) {
  if (void* const found = platform::find_original(name)) {
    original = reinterpret_cast<Function>(found);
  }
}

}  // namespace

constinit Originals real = {
#define PMF_FUNCTION(name, arguments, effect) \
  .name = First<&Originals::name, decltype(&::name)>::call,
#include "interpose/functions.def"
#undef PMF_FUNCTION
    .malloc_usable_size =
        First<&Originals::malloc_usable_size, decltype(&::malloc_usable_size)>::call,
};

void find_originals() {
  // The search may call allocator functions, ours first.
  real = boot_arena::functions;
  Originals found = boot_arena::functions;
  // These two came with C23; whoever has not got them has free().
  found.free_sized = free_without_size;
  found.free_aligned_sized = free_without_sizes;
#define PMF_FUNCTION(name, arguments, effect) find(found.name, #name);
#include "interpose/functions.def"
#undef PMF_FUNCTION
  find(found.malloc_usable_size, "malloc_usable_size");
  real = found;
}

}  // namespace pymemflow::interpose
