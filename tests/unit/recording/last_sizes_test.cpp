// Tests sites that allocate the same size again, in all orders: every size is read back, and the
// record of a repeated size takes one word.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::recording;

const char sites[4096] = {};

// There are more sites than entries in the table, so sites share entries.
TEST(LastSizes, ComeBackWhateverTheOrder) {
  in_own_process([] {
    std::vector<std::uint64_t> expected;
    std::uint64_t random = 1;
    for (int i = 0; i < 300'000; ++i) {
      random = random * 6364136223846793005 + 1442695040888963407;
      const std::uint64_t size = random >> 60;
      interpose::record_malloc(size, block(0x55d0c8e0), sites + (random >> 40) % 200);
      expected.push_back(size);
    }
    ASSERT_TRUE(interpose::end_recording());
    const Read read = read_all();
    ASSERT_EQ(read.recorded, expected.size());
    EXPECT_EQ(read.damaged, 0U);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(read.events[i].arguments[0], expected[i]) << i;
    }
  });
}

// The pair of such a size with one site may be that of another size and site.
TEST(LastSizes, OfFailedCallsAreNotMistaken) {
  in_own_process([] {
    constexpr std::uint64_t kRounds = 64;
    std::vector<std::uint64_t> expected;
    for (std::uint64_t i = 0; i < kRounds * kRounds; ++i) {
      interpose::record_malloc(1000, block(0x1000), sites + i % 8);
      const std::uint64_t huge = 1000 | i / 8 % 16 << 47;
      interpose::record_malloc(huge, nullptr, sites + (i + i / 128) % 8);
      expected.insert(expected.end(), {1000, huge});
    }
    ASSERT_TRUE(interpose::end_recording());
    const Read read = read_all();
    EXPECT_EQ(read.damaged, 0U);
    ASSERT_EQ(read.events.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(read.events[i].arguments[0], expected[i]) << i;
      const std::size_t call = i / 2;
      const std::size_t site = i % 2 == 0 ? call % 8 : (call + call / 128) % 8;
      ASSERT_EQ(read.sites[i].address, reinterpret_cast<std::uintptr_t>(sites + site)) << i;
    }
  });
}

TEST(LastSizes, ThatRepeatTakeAWord) {
  in_own_process([] {
    constexpr std::int64_t kPairs = 500'000;
    for (std::int64_t i = 0; i < kPairs; ++i) {
      interpose::record_malloc(1000, block(0x55d0c8e0), sites);
      interpose::record_free(block(0x55d0c8e0), sites + 1);
    }
    ASSERT_TRUE(interpose::end_recording());
    const std::int64_t bytes = ::lseek(recording.destination.file.descriptor(), 0, SEEK_END);
    // The rest is for heads, pages that are not full, and the window.
    EXPECT_LT(bytes, 2 * kPairs * 8 * 108 / 100 + 300'000);
  });
}

}  // namespace
}  // namespace pymemflow
