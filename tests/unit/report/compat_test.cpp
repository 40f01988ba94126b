#include "report/dtrace/compat.h"

#include <gtest/gtest.h>

#include <vector>

namespace pymemflow::report {
namespace {

struct Row {
  Event called;
  Event probed;
};

Event call(Function function, std::vector<std::uint64_t> arguments, std::uint64_t result) {
  Event event = {.function = function, .site = 7, .thread = 3, .arguments = {}, .result = result};
  for (std::size_t i = 0; i < arguments.size(); ++i) event.arguments[i] = arguments[i];
  return event;
}

TEST(Compat, ShowsWhatGlibcReachesItsProbedFunctionsBy) {
  const Row rows[] = {
      {call(Function::realloc, {0, 24}, 0x100), call(Function::malloc, {24}, 0x100)},
      {call(Function::realloc, {0, 0}, 0x100), call(Function::malloc, {0}, 0x100)},
      {call(Function::realloc, {0x100, 0}, 0), call(Function::free, {0x100}, 0)},
      {call(Function::reallocarray, {0, 3, 8}, 0x100), call(Function::malloc, {24}, 0x100)},
      {call(Function::posix_memalign, {16, 24}, 0x100), call(Function::malloc, {24}, 0x100)},
      {call(Function::aligned_alloc, {8, 24}, 0x100), call(Function::malloc, {24}, 0x100)},
      {call(Function::memalign, {1, 24}, 0x100), call(Function::malloc, {24}, 0x100)},
      {call(Function::free_sized, {0x100, 24}, 0), call(Function::free, {0x100}, 0)},
      {call(Function::free_aligned_sized, {0x100, 64, 24}, 0), call(Function::free, {0x100}, 0)},
  };
  for (const Row& row : rows) {
    const Event probed = as_probed_in_glibc(row.called);
    const std::string_view name = traits(row.called.function).name;
    EXPECT_EQ(probed.function, row.probed.function) << name;
    EXPECT_EQ(probed.arguments[0], row.probed.arguments[0]) << name;
    EXPECT_EQ(probed.size_bytes(), row.probed.size_bytes()) << name;
    EXPECT_EQ(probed.result, row.probed.result) << name;
    EXPECT_EQ(probed.site, 7U);
    EXPECT_EQ(probed.thread, 3U);
  }
}

TEST(Compat, LeavesTheRestAsItIs) {
  const Event events[] = {
      call(Function::malloc, {24}, 0x100),           call(Function::realloc, {0x100, 24}, 0x200),
      call(Function::realloc, {0x100, 24}, 0),       call(Function::calloc, {3, 8}, 0x100),
      call(Function::posix_memalign, {32, 24}, 0x1), call(Function::valloc, {24}, 0x1000),
  };
  for (const Event& event : events) {
    EXPECT_EQ(as_probed_in_glibc(event).function, event.function);
    EXPECT_EQ(as_probed_in_glibc(event).arguments[1], event.arguments[1]);
  }
}

TEST(Compat, KnowsWhatEachScriptProbes) {
  EXPECT_TRUE(functions_of(Compat::None).contains(Function::pvalloc));
  EXPECT_TRUE(functions_of(Compat::Dtrace).contains(Function::calloc));
  EXPECT_FALSE(functions_of(Compat::Dtrace).contains(Function::realloc));
  EXPECT_TRUE(functions_of(Compat::Dtrace2020).contains(Function::free));
  EXPECT_FALSE(functions_of(Compat::Dtrace2020).contains(Function::calloc));
}

}  // namespace
}  // namespace pymemflow::report
