// Tests the heap of the report. Built twice: memory_test uses mimalloc, memory_fallback_test the
// name of a library that does not exist.

#include "report/base/memory.h"

#include <gtest/gtest.h>

#include <csetjmp>

// When there is no memory, a sanitizer's malloc ends the process unless this option is set.
#define PMF_FOR_SANITIZER extern "C" __attribute__((visibility("default"))) const char*
PMF_FOR_SANITIZER __asan_default_options() {
  return "allocator_may_return_null=1";
}
PMF_FOR_SANITIZER __tsan_default_options() {
  return "allocator_may_return_null=1";
}

namespace pymemflow::report {
namespace {

std::jmp_buf way_back;

[[noreturn]] void jump_back() {
  std::longjmp(way_back, 1);
}

TEST(Memory, ComesFromTheHeapThatIsThere) {
  EXPECT_EQ(has_private_heap(), PMF_EXPECT_PRIVATE_HEAP != 0);
}

TEST(Memory, IsCounted) {
  const std::size_t before = allocated_bytes();
  {
    Vector<int> numbers(1000);
    EXPECT_EQ(allocated_bytes(), before + 1000 * sizeof(int));
  }
  EXPECT_EQ(allocated_bytes(), before);
}

TEST(Memory, ServesContainers) {
  const std::size_t before = allocated_bytes();
  {
    HashMap<String, int, StringHash> by_name;
    Map<String, int> ordered;
    for (int i = 0; i < 10000; ++i) {
      String name("a name that is too long to stand inside the string itself ");
      name += std::to_string(i);
      by_name[name] = i;
      ordered[name] = i;
    }
    EXPECT_EQ(by_name.size(), 10000U);
    EXPECT_EQ(ordered.size(), 10000U);
    EXPECT_GT(allocated_bytes(), before);
  }
  EXPECT_EQ(allocated_bytes(), before);
}

TEST(Memory, ThatIsOutCallsTheHook) {
  set_out_of_memory(jump_back);
  volatile bool was_called = false;
  if (setjmp(way_back) == 0) {
    allocate(std::size_t{1} << 62);
  } else {
    was_called = true;
  }
  EXPECT_TRUE(was_called);

  was_called = false;
  if (setjmp(way_back) == 0) {
    Allocator<std::uint64_t>().allocate(SIZE_MAX / 8 + 2);
  } else {
    was_called = true;
  }
  EXPECT_TRUE(was_called);
  set_out_of_memory(nullptr);
}

TEST(MemoryDeathTest, ThatIsOutWithoutAHookAborts) {
  EXPECT_DEATH(allocate(std::size_t{1} << 62), "");
}

}  // namespace
}  // namespace pymemflow::report
