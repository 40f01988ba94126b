// The originals on Linux: what the loader finds behind this library.

#include "interpose/originals/originals.h"

#include <cerrno>
#include <cstring>

#include "interpose/originals/boot_arena.h"
#include "platform/here.h"
#include "platform/platform.h"

// The compiler knows more of malloc than its type says, and tells us that a template does not.
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace pymemflow::interpose {
namespace {

// --- the allocator functions over the arena, while the originals are looked up -------------------

constexpr std::size_t kPage = 4096;

void* take_plain(std::size_t size) noexcept {
  return boot_arena::take(1, size);
}
void give_back(void*) noexcept {}

// Zero already: nothing of the arena is handed out twice.
void* take_array(std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return boot_arena::take(1, bytes);
}

void* move(void* block, std::size_t size) noexcept {
  void* const moved = boot_arena::take(1, size);
  if (moved != nullptr && block != nullptr && boot_arena::owns(block)) {
    const std::size_t old = boot_arena::usable_size(block);
    std::memcpy(moved, block, old < size ? old : size);
  }
  return moved;
}

void* move_array(void* block, std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return move(block, bytes);
}

int take_aligned_into(void** block, std::size_t alignment, std::size_t size) noexcept {
  void* const taken = boot_arena::take(alignment, size);
  if (taken == nullptr) return ENOMEM;
  *block = taken;
  return 0;
}

void* take_aligned(std::size_t alignment, std::size_t size) noexcept {
  return boot_arena::take(alignment, size);
}
void* take_page(std::size_t size) noexcept {
  return boot_arena::take(kPage, size);
}
void* take_pages(std::size_t size) noexcept {
  return boot_arena::take(kPage, (size + kPage - 1) & ~(kPage - 1));
}
void give_back_sized(void*, std::size_t) noexcept {}
void give_back_aligned(void*, std::size_t, std::size_t) noexcept {}
std::size_t size_of(void* block) noexcept {
  return boot_arena::owns(block) ? boot_arena::usable_size(block) : 0;
}

constinit const Originals boot_functions = {
    .malloc = take_plain,
    .free = give_back,
    .calloc = take_array,
    .realloc = move,
    .reallocarray = move_array,
    .posix_memalign = take_aligned_into,
    .aligned_alloc = take_aligned,
    .memalign = take_aligned,
    .valloc = take_page,
    .pvalloc = take_pages,
    .free_sized = give_back_sized,
    .free_aligned_sized = give_back_aligned,
    .usable_size = size_of,
};

// --- the originals ----------------------------------------------------------------------------

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

// Stand for the originals while it is found out whether these call each other by their public
// names.
constinit Originals found{};
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
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(.name = First<&Originals::name, decltype(&::name)>::call, )
#include "capture/functions.def"
#undef PMF_FUNCTION
    .usable_size = First<&Originals::usable_size, decltype(&::malloc_usable_size)>::call,
};

constinit bool originals_are_nested = false;
constinit bool is_malloc_ours = true;

void find_originals() {
  // The search may call allocator functions, ours first.
  real = boot_functions;
  found = boot_functions;
  platform::find_original(found.malloc, "malloc");
  platform::find_original(found.free, "free");
  // Another interposer, behind or in front of us, may look its own originals up at its first call.
  // Now, rather than inside the search for what is not there, which allocates.
  found.free(found.malloc(1));
  void* volatile through_all = ::malloc(1);
  ::free(through_all);
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(platform::find_original(found.name, #name);)
#include "capture/functions.def"
#undef PMF_FUNCTION
  platform::find_original(found.usable_size, "malloc_usable_size");
  found.reallocarray = grow_array;
  if (found.free_sized == boot_functions.free_sized) found.free_sized = free_without_size;
  if (found.free_aligned_sized == boot_functions.free_aligned_sized) {
    found.free_aligned_sized = free_without_sizes;
  }
  count_calls();
  is_malloc_ours = calls_reach_us();
  originals_are_nested = realloc_calls_others();
  real = found;
}

}  // namespace pymemflow::interpose
