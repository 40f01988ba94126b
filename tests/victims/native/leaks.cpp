// Leaks blocks from each function that returns a block. Built as a program, whose leaks valgrind
// counts, and as a library with the same functions, which Python calls under pymemflow;
// tests/process/test_ledger.py compares the two. Each function also frees some blocks, so that the
// leak differs from the amount allocated.

#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

namespace {

// Hides from the compiler that a block is never used.
void* volatile latest;

void* keep(void* block) {
  latest = block;
  return block;
}

void by_malloc() {
  for (std::size_t size = 1; size <= 10; ++size) keep(std::malloc(size * 100));
  std::free(keep(std::malloc(5000)));
}

void by_calloc() {
  for (std::size_t count = 1; count <= 7; ++count) keep(std::calloc(count, 333));
  std::free(keep(std::calloc(10, 500)));
}

void by_realloc() {
  void* grown = keep(std::realloc(nullptr, 10));
  for (std::size_t size = 20; size <= 40000; size *= 2) grown = keep(std::realloc(grown, size));
  void* shrunk = keep(std::realloc(keep(std::malloc(9000)), 90));
  // Fails, and leaves the block.
  void* const refused = std::realloc(shrunk, static_cast<std::size_t>(-1) / 4);
  if (refused != nullptr) std::abort();
  // Gives it back.
  void* const gone = std::realloc(keep(std::malloc(777)), 0);
  if (gone != nullptr) std::abort();
}

void by_posix_memalign() {
  for (std::size_t alignment = 16; alignment <= 4096; alignment *= 2) {
    void* block = nullptr;
    if (::posix_memalign(&block, alignment, alignment + 8) != 0) std::abort();
    keep(block);
  }
}

void by_aligned_alloc() {
  keep(std::aligned_alloc(64, 64000));
  std::free(keep(std::aligned_alloc(64, 6400)));
}

struct Thing {
  char bytes[123];
};

void by_new() {
  for (int i = 0; i < 3; ++i) keep(new Thing);
  keep(new char[4567]);
  Thing* const gone = static_cast<Thing*>(keep(new Thing));
  delete gone;
}

void by_strdup() {
  for (int i = 0; i < 300; ++i) keep(::strdup("what was said once is said again"));
  keep(::strndup("cut short", 3));
  std::free(keep(::strdup("gone")));
}

// No Python code runs here: what is kept has an engine caller alone, and that is the C library's or
// C++'s own.
void in_a_thread() {
  std::thread([] {
    by_new();
    by_strdup();
  }).join();
}

using Leak = void();
constexpr struct {
  const char* name;
  Leak* leak;
} kLeaks[] = {
    {"malloc", by_malloc},
    {"calloc", by_calloc},
    {"realloc", by_realloc},
    {"posix_memalign", by_posix_memalign},
    {"aligned_alloc", by_aligned_alloc},
    {"new", by_new},
    {"strdup", by_strdup},
    {"thread", in_a_thread},
};

}  // namespace

extern "C" __attribute__((visibility("default"))) int leak_by(const char* name) {
  for (const auto& row : kLeaks) {
    if (std::strcmp(row.name, name) != 0) continue;
    row.leak();
    return 0;
  }
  return 1;
}

#ifdef PMF_PROGRAM
int main(int count, char** words) {
  return count == 2 ? leak_by(words[1]) : 2;
}
#endif
