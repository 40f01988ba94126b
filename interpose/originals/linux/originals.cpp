// The originals on Linux: the definitions that the loader finds behind this library.

#include "interpose/originals/originals.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "interpose/originals/boot_arena.h"
#include "interpose/originals/jump.h"
#include "platform/linux/next_definition.h"
#include "platform/linux/system_call.h"
#include "platform/loader.h"

#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace pymemflow::interpose {
namespace {

// --- allocator functions that take memory from the arena, for the time of the search -------------

constexpr std::size_t kPage = 4096;

void* take_plain(std::size_t size) noexcept {
  return boot_arena::take(1, size);
}
void give_back(void* block) noexcept {
  boot_arena::give_back(block);
}

// The arena consists of zeros, and no part of it is handed out twice.
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
    boot_arena::give_back(block);
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
void give_back_sized(void* block, std::size_t) noexcept {
  boot_arena::give_back(block);
}
void give_back_aligned(void* block, std::size_t, std::size_t) noexcept {
  boot_arena::give_back(block);
}

constinit const Originals boot_functions = {
    .malloc = {take_plain},
    .free = {give_back},
    .calloc = {take_array},
    .realloc = {move},
    .reallocarray = {move_array},
    .posix_memalign = {take_aligned_into},
    .aligned_alloc = {take_aligned},
    .memalign = {take_aligned},
    .valloc = {take_page},
    .pvalloc = {take_pages},
    .free_sized = {give_back_sized},
    .free_aligned_sized = {give_back_aligned},
};

// --- the originals ----------------------------------------------------------------------------

long finish(long outcome) {
  if (!platform::failed(outcome)) return outcome;
  errno = static_cast<int>(-outcome);
  return -1;
}

// Initial value of an original: finds all of them, then goes on to this one. By a jump, since some
// originals look at their return address.
template <auto kMember, typename Function>
struct First;

template <auto kMember, typename Result, typename... Arguments, bool kIsNoexcept>
struct First<kMember, Original<Result (*)(Arguments...) noexcept(kIsNoexcept)>> {
  PMF_JUMP static Result call(Arguments... arguments) noexcept(kIsNoexcept) {
    find_originals();
    PMF_RETURN(real.*kMember).function(arguments...);
  }
};

// An allocator in front of this library may map memory at its first call, with its locks held: no
// search is possible then, since that allocates.
void* map_by_kernel(void* address, std::size_t bytes, int protection, int flags, int file,
                    off_t offset) noexcept {
  return reinterpret_cast<void*>(finish(
      platform::system_call_of_host(SYS_mmap, address, bytes, protection, flags, file, offset)));
}
int unmap_by_kernel(void* address, std::size_t bytes) noexcept {
  return static_cast<int>(finish(platform::system_call_of_host(SYS_munmap, address, bytes)));
}
void* remap_by_kernel(void* address, std::size_t bytes, std::size_t new_bytes, int flags,
                      void* place) noexcept {
  return reinterpret_cast<void*>(
      finish(platform::system_call_of_host(SYS_mremap, address, bytes, new_bytes, flags,
                                           (flags & MREMAP_FIXED) != 0 ? place : nullptr)));
}
template <auto kMember>
inline constexpr auto kByKernel = nullptr;
template <>
inline constexpr auto kByKernel<&Originals::mmap> = &map_by_kernel;
template <>
inline constexpr auto kByKernel<&Originals::mmap64> = &map_by_kernel;
template <>
inline constexpr auto kByKernel<&Originals::munmap> = &unmap_by_kernel;
template <>
inline constexpr auto kByKernel<&Originals::mremap> = &remap_by_kernel;

template <auto kMember, typename Function>
consteval Original<Function> first(Original<Function> Originals::*) {
  if constexpr (kByKernel<kMember> != nullptr) {
    return {kByKernel<kMember>};
  } else if constexpr (requires { Original<Function>::function; }) {
    return {&First<kMember, Original<Function>>::call};
  } else {
    return {};
  }
}

// False, and the original stays as it is: no library behind this one defines it.
template <typename Function>
bool look_up(Original<Function>& original, const char* name) {
  if constexpr (requires { original.function; }) {
    void* const found = platform::find_next_definition(name);
    if (found == nullptr) return false;
    original.function = reinterpret_cast<Function>(found);
  }
  return true;
}

// Substitutes for functions of C23 that the C library may lack.
void free_without_size(void* block, std::size_t) noexcept {
  real.free(block);
}
void free_without_sizes(void* block, std::size_t, std::size_t) noexcept {
  real.free(block);
}

// Replaces the original reallocarray(), which may call realloc() by its public name and so reach
// the hook.
void* grow_array(void* block, std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return real.realloc(block, bytes);
}

// Stand-ins for the originals that note calls, to find out whether originals call each other by
// their public names.
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

// Replaces the original free() where the program may still free blocks of the arena.
constinit decltype(Originals::free) original_free{};

void free_beside_arena(void* block) noexcept {
  if (!boot_arena::owns(block)) original_free(block);
}

void use_allocators(const Originals& from) {
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where(real.name = from.name;)
#include "capture/functions.def"
#undef PMF_FUNCTION
}

void count_calls() {
  use_allocators(found);
  real.malloc.function = seen_malloc;
  real.free.function = seen_free;
  real.calloc.function = seen_calloc;
  real.realloc.function = seen_realloc;
}

bool calls_reach_us() {
  // Through a volatile pointer: the compiler assumes that malloc() does not change `was_called`.
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
  // Too large to grow in place before the neighbour, and too small to be mapped: freeing a mapped
  // block would raise the C library's threshold for mapping.
  void* const moved = found.realloc(block, std::size_t{32} << 10);
  const bool result = was_called;
  found.free(neighbour);
  found.free(moved);
  return result;
}

// --- the search ----------------------------------------------------------------------------------

void find_other_originals() {
  // The first one, since the search itself calls dlsym() by its name, and so the hook.
  look_up(real.dlsym, "dlsym");
#define PMF_OTHER_HOOK(name, where) \
  PMF_HERE_##where(if (!look_up(real.name, #name)) real.name = {};)
#include "interpose/originals/other_hooks.def"
#undef PMF_OTHER_HOOK
}

void find_allocators() {
  found = boot_functions;
  look_up(found.malloc, "malloc");
  look_up(found.free, "free");
  // Another interposer, behind or in front of this library, may look its own originals up at its
  // first call. Have it do so now, rather than in the middle of the rest of this search.
  found.free(found.malloc(1));
  void* volatile through_all = ::malloc(1);
  ::free(through_all);
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where(look_up(found.name, #name);)
#include "capture/functions.def"
#undef PMF_FUNCTION
  found.reallocarray.function = grow_array;
  if (found.free_sized.function == boot_functions.free_sized.function) {
    found.free_sized.function = free_without_size;
  }
  if (found.free_aligned_sized.function == boot_functions.free_aligned_sized.function) {
    found.free_aligned_sized.function = free_without_sizes;
  }
}

}  // namespace

constinit Originals real = {
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(.name = first<&Originals::name>(&Originals::name), )
#define PMF_OTHER_HOOK(name, where) \
  PMF_HERE_##where(.name = first<&Originals::name>(&Originals::name), )
#include "capture/functions.def"
#include "interpose/originals/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK
};

constinit bool originals_are_nested = false;
constinit bool is_malloc_ours = true;

bool is_malloc_redirected() {
  // Not by the address of malloc(), which may be that of a stub in the program.
  void* first = nullptr;
  platform::visit_definitions(
      "malloc",
      [](const char*, void* address, void* context) {
        void*& found_first = *static_cast<void**>(context);
        if (found_first == nullptr) found_first = address;
      },
      &first);
  Dl_info its{};
  Dl_info own{};
  return first != nullptr && ::dladdr(first, &its) != 0 && ::dladdr(&is_malloc_ours, &own) != 0 &&
         its.dli_fbase == own.dli_fbase;
}

void find_originals() {
  // The search may call allocator functions, and by their names the hooks.
  use_allocators(boot_functions);
  find_other_originals();
  find_allocators();
  count_calls();
  is_malloc_ours = calls_reach_us();
  originals_are_nested = realloc_calls_others();
  if (boot_arena::is_in_use()) {
    original_free = found.free;
    found.free.function = free_beside_arena;
  }
  use_allocators(found);
}

}  // namespace pymemflow::interpose
