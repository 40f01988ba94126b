#include "interpose/real.h"

#include <cerrno>

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

// These came with C23; whoever has not got them has free().
void free_without_size(void* block, std::size_t) noexcept {
  real.free(block);
}
void free_without_sizes(void* block, std::size_t, std::size_t) noexcept {
  real.free(block);
}

// What it says of itself, too: it came late, and where it calls realloc() that is a hook again.
void* grow_array(void* block, std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return real.realloc(block, bytes);
}

template <typename Function>
void find(Function& original, const char* name) {
  if (void* const found = platform::find_original(name)) {
    original = reinterpret_cast<Function>(found);
  }
}

// Stand for the originals while it is found out whether these call each other by their public
// names.
constinit Originals found;
constinit bool was_called = false;

void* seen_malloc(std::size_t size) noexcept {
  was_called = true;
  return found.malloc(size);
}
void seen_free(void* block) noexcept {
  was_called = true;
  found.free(block);
}
void* seen_calloc(std::size_t count, std::size_t size) noexcept {
  was_called = true;
  return found.calloc(count, size);
}
void* seen_realloc(void* block, std::size_t size) noexcept {
  was_called = true;
  return found.realloc(block, size);
}

void count_calls() {
  real = found;
  real.malloc = seen_malloc;
  real.free = seen_free;
  real.calloc = seen_calloc;
  real.realloc = seen_realloc;
}

bool calls_reach_us() {
  // Of a call of malloc() by its name the compiler knows that it changes nothing of ours.
  void* (*volatile first)(std::size_t) = ::malloc;
  was_called = false;
  void* const block = first(1);
  const bool result = was_called;
  ::free(block);
  return result;
}

bool realloc_calls_others() {
  void* const block = found.realloc(nullptr, 16);
  void* const neighbour = found.malloc(16);
  was_called = false;
  // Too much for the place before the neighbour, and too little to be mapped: giving back what was
  // mapped would move the C library's threshold for that.
  void* const moved = found.realloc(block, std::size_t{32} << 10);
  const bool result = was_called;
  found.free(neighbour);
  found.free(moved);
  return result;
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

constinit bool originals_are_nested = false;
constinit bool is_malloc_ours = true;

void find_originals() {
  // The search may call allocator functions, ours first.
  real = boot_arena::functions;
  found = boot_arena::functions;
  find(found.malloc, "malloc");
  find(found.free, "free");
  // Another interposer, behind or in front of us, may look its own originals up at its first call.
  // Now, rather than inside the search for what is not there, which allocates.
  found.free(found.malloc(1));
  void* volatile through_all = ::malloc(1);
  ::free(through_all);
#define PMF_FUNCTION(name, arguments, effect) find(found.name, #name);
#include "interpose/functions.def"
#undef PMF_FUNCTION
  find(found.malloc_usable_size, "malloc_usable_size");
  found.reallocarray = grow_array;
  if (found.free_sized == boot_arena::functions.free_sized) found.free_sized = free_without_size;
  if (found.free_aligned_sized == boot_arena::functions.free_aligned_sized) {
    found.free_aligned_sized = free_without_sizes;
  }
  count_calls();
  is_malloc_ours = calls_reach_us();
  originals_are_nested = realloc_calls_others();
  real = found;
}

}  // namespace pymemflow::interpose
