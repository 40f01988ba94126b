// Calls an allocator function in every way that matters, and prints the outcome: one line per call.
//
//   name label: result errno usable content     the outcome: the same with and without the library
//   = malloc(100) pntr 0x1234                   the call: what a report must say of it
//
// Run as a program (`allocator_calls FUNCTION`), where the library records nothing, and loaded into
// a Python (`call_all`), where it does. Nothing here allocates but the calls themselves. A function
// of functions.def that has no cases here does not compile.

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "interpose/originals/originals.h"

namespace {

constexpr int kErrno = 4242;
constexpr std::size_t kTooMuch = PTRDIFF_MAX;
// Not constants to the compiler, which knows what these functions do.
volatile std::size_t huge = SIZE_MAX;
char text[1 << 16];
std::size_t used = 0;

void print(const char* format, ...) {
  std::va_list list;
  va_start(list, format);
  used += static_cast<std::size_t>(std::vsnprintf(text + used, sizeof text - used, format, list));
  va_end(list);
}

std::uint64_t address(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block);
}

bool is_filled(const unsigned char* block, std::size_t bytes, unsigned char value) {
  for (std::size_t i = 0; i < bytes; ++i) {
    if (block[i] != value) return false;
  }
  return true;
}

void outcome(const char* name, const char* label, void* result, int error, const char* more = "") {
  // The usable size of what was mapped by itself depends on the address: all others are compared.
  const std::size_t usable = malloc_usable_size(result);
  print("%s %s: %s errno %d usable %zu%s\n", name, label, result == nullptr ? "null" : "block",
        error, usable, more);
}

// `call` with errno preset; what it left there goes to `error`.
#define PMF_CALL(error, call) \
  (errno = kErrno, call);     \
  const int error = errno

void release(void* block) {
  if (block == nullptr) return;
  free(block);
  print("= free(0x%" PRIx64 ")\n", address(block));
}

template <typename Allocate>
void try_allocate(const char* name, const char* label, const char* arguments, Allocate allocate) {
  void* volatile block = PMF_CALL(error, allocate());
  print("= %s(%s) pntr 0x%" PRIx64 "\n", name, arguments, address(block));
  outcome(name, label, block, error);
  release(block);
}

void cases_of_malloc() {
  try_allocate("malloc", "some", "100", [] { return malloc(100); });
  try_allocate("malloc", "zero", "0", [] { return malloc(0); });
  try_allocate("malloc", "large", "300000", [] { return malloc(300000); });
  try_allocate("malloc", "too much", "9223372036854775807", [] { return malloc(kTooMuch); });
  try_allocate("malloc", "all", "-1", [] { return malloc(huge); });
}

void cases_of_free() {
  void* volatile block = malloc(64);
  print("= malloc(64) pntr 0x%" PRIx64 "\n", address(block));
  PMF_CALL(error, free(block));
  print("= free(0x%" PRIx64 ")\nfree some: errno %d\n", address(block), error);
  block = nullptr;
  PMF_CALL(error_of_null, free(block));
  print("= free(0x0)\nfree null: errno %d\n", error_of_null);
  void* volatile large = malloc(300000);  // munmap may set errno
  print("= malloc(300000) pntr 0x%" PRIx64 "\n", address(large));
  PMF_CALL(error_of_large, free(large));
  print("= free(0x%" PRIx64 ")\nfree large: errno %d\n", address(large), error_of_large);
}

void cases_of_calloc() {
  unsigned char* volatile block = static_cast<unsigned char*>(calloc(10, 30));
  print("= calloc(10, 30) pntr 0x%" PRIx64 "\n", address(block));
  outcome("calloc", "some", block, 0, is_filled(block, 300, 0) ? " zeros" : " NOT ZERO");
  release(block);
  try_allocate("calloc", "no elements", "0, 8", [] { return calloc(0, 8); });
  try_allocate("calloc", "empty elements", "8, 0", [] { return calloc(8, 0); });
  try_allocate("calloc", "overflow", "-1, 2", [] { return calloc(huge, 2); });
  try_allocate("calloc", "long count", "4294967296, 0",
               [] { return calloc(huge / 0xffffffff - 1, 0); });
}

// Both functions that move a block; for `realloc`, count is 1 and not printed.
void try_move(const char* name, const char* label, bool has_count, std::size_t before,
              std::size_t count, std::size_t size) {
  unsigned char* volatile block = nullptr;
  if (before != 0) {
    block = static_cast<unsigned char*>(malloc(before));
    print("= malloc(%zu) pntr 0x%" PRIx64 "\n", before, address(block));
    std::memset(block, 0x5a, before);
  }
  const std::uint64_t old = address(block);
  void* volatile moved =
      PMF_CALL(error, has_count ? reallocarray(block, count, size) : realloc(block, size));
  if (has_count) {
    print("= %s(0x%" PRIx64 ", %zd, %zd) pntr 0x%" PRIx64 "\n", name, old, count, size,
          address(moved));
  } else {
    print("= %s(0x%" PRIx64 ", %zd) pntr 0x%" PRIx64 "\n", name, old, size, address(moved));
  }
  const bool is_refused = moved == nullptr && count != 0 && size != 0;
  auto* const kept = static_cast<unsigned char*>(is_refused ? block : moved);
  const std::size_t shared = is_refused || before < count * size ? before : count * size;
  const bool is_kept = kept == nullptr || is_filled(kept, shared, 0x5a);
  outcome(name, label, moved, error, is_kept ? " kept" : " NOT KEPT");
  release(kept);
}

void cases_of_move(const char* name, bool has_count) {
  try_move(name, "null", has_count, 0, 1, 100);
  try_move(name, "null to zero", has_count, 0, 1, 0);
  try_move(name, "grow", has_count, 100, 1, 5000);
  try_move(name, "shrink", has_count, 5000, 1, 100);
  try_move(name, "grow much", has_count, 1000, 1, 1000000);
  try_move(name, "to zero", has_count, 100, 1, 0);
  try_move(name, "too much", has_count, 100, 1, kTooMuch);
  if (has_count) try_move(name, "overflow", has_count, 100, huge, 2);
  if (has_count) try_move(name, "elements", has_count, 100, 20, 30);
}
void cases_of_realloc() {
  cases_of_move("realloc", false);
}
void cases_of_reallocarray() {
  cases_of_move("reallocarray", true);
}

void try_posix_memalign(const char* label, std::size_t alignment, std::size_t size) {
  void* block = nullptr;
  const int code = PMF_CALL(error, posix_memalign(&block, alignment, size));
  print("= posix_memalign(%zd, %zd) pntr 0x%" PRIx64 "\n", alignment, size, address(block));
  print("posix_memalign %s: code %d aligned %d\n", label, code,
        alignment == 0 || address(block) % alignment == 0);
  outcome("posix_memalign", label, block, error);
  release(block);
}
void cases_of_posix_memalign() {
  try_posix_memalign("some", 64, 100);
  try_posix_memalign("page", 4096, 1);
  try_posix_memalign("zero", 16, 0);
  try_posix_memalign("bad alignment", 3, 100);
  try_posix_memalign("no alignment", 0, 100);
  try_posix_memalign("too much", 64, kTooMuch);
}

void cases_of_alignment(const char* name, void* (*function)(std::size_t, std::size_t)) {
  try_allocate(name, "some", "64, 128", [=] { return function(64, 128); });
  try_allocate(name, "page", "4096, 4096", [=] { return function(4096, 4096); });
  try_allocate(name, "zero", "64, 0", [=] { return function(64, 0); });
  try_allocate(name, "too much", "64, -1", [=] { return function(64, huge); });
}
void cases_of_aligned_alloc() {
  cases_of_alignment("aligned_alloc", aligned_alloc);
}
void cases_of_memalign() {
  cases_of_alignment("memalign", memalign);
}

void cases_of_pages(const char* name, void* (*function)(std::size_t)) {
  try_allocate(name, "some", "100", [=] { return function(100); });
  try_allocate(name, "zero", "0", [=] { return function(0); });
  try_allocate(name, "too much", "-1", [=] { return function(huge); });
}
void cases_of_valloc() {
  cases_of_pages("valloc", valloc);
}
void cases_of_pvalloc() {
  cases_of_pages("pvalloc", pvalloc);
}

// Younger than many a C library: found at run time.
template <typename Function>
Function* youngster(const char* name) {
  void* const found = dlsym(RTLD_DEFAULT, name);
  if (found == nullptr) {
    print("%s is absent\n", name);
    dlerror();
  }
  return reinterpret_cast<Function*>(found);
}

void cases_of_free_sized() {
  auto* const function = youngster<void(void*, std::size_t)>("free_sized");
  if (function == nullptr) return;
  void* volatile block = malloc(77);
  print("= malloc(77) pntr 0x%" PRIx64 "\n", address(block));
  PMF_CALL(error, function(block, 77));
  print("= free_sized(0x%" PRIx64 ", 77)\nfree_sized some: errno %d\n", address(block), error);
  PMF_CALL(error_of_null, function(nullptr, 0));
  print("= free_sized(0x0, 0)\nfree_sized null: errno %d\n", error_of_null);
}

void cases_of_free_aligned_sized() {
  auto* const function = youngster<void(void*, std::size_t, std::size_t)>("free_aligned_sized");
  if (function == nullptr) return;
  void* volatile block = aligned_alloc(64, 128);
  print("= aligned_alloc(64, 128) pntr 0x%" PRIx64 "\n", address(block));
  PMF_CALL(error, function(block, 64, 128));
  print("= free_aligned_sized(0x%" PRIx64 ", 64, 128)\nfree_aligned_sized some: errno %d\n",
        address(block), error);
}

struct Row {
  const char* name;
  void (*run)();
};
const Row kRows[] = {
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where({#name, cases_of_##name}, )
#include "capture/functions.def"
#undef PMF_FUNCTION
};

}  // namespace

// All of them, between a malloc(31415926) and its free(): what the report has in between is ours.
// The text of it all.
extern "C" __attribute__((visibility("default"))) const char* call_all() {
  for (const char* name : {"free_sized", "free_aligned_sized"}) {
    if (dlsym(RTLD_DEFAULT, name) == nullptr) dlerror();  // the loader's own allocations, early
  }
  void* volatile mark = malloc(31415926);
  for (const Row& row : kRows) row.run();
  free(mark);
  return text;
}

int main(int argc, char** argv) {
  for (const Row& row : kRows) {
    if (argc > 1 && std::strcmp(argv[1], row.name) == 0) row.run();
  }
  return ::write(1, text, used) == static_cast<ssize_t>(used) ? 0 : 1;
}
