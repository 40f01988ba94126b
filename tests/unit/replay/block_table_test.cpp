// Tests the table of live blocks beside std::unordered_map, and the memory that it takes.

#include "report/replay/block_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace pymemflow::report {
namespace {

bool is_same(const LiveBlock& a, const LiveBlock& b) {
  return a.bytes == b.bytes && a.event == b.event && a.origin == b.origin && a.thread == b.thread &&
         a.is_object == b.is_object;
}

std::uint64_t address_of(std::uint64_t number) {
  return 0x55d0000002a0 + number * 32;
}

LiveBlock block_of(std::uint64_t number) {
  return {.bytes = number,
          .event = number + 1,
          .origin = 7,
          .thread = 4711,
          .is_object = number % 2 == 0 ? 1U : 0U};
}

// A table and what it should hold.
class Checked {
 public:
  void put(std::uint64_t address, const LiveBlock& block) {
    LiveBlock before;
    const bool was_live = table_.put(address, block, before);
    const auto [found, is_new] = expected_.try_emplace(address, block);
    ASSERT_EQ(was_live, !is_new) << address;
    if (is_new) return;
    ASSERT_TRUE(is_same(before, found->second)) << address;
    found->second = block;
  }
  void take(std::uint64_t address) {
    LiveBlock before;
    const auto found = expected_.find(address);
    ASSERT_EQ(table_.take(address, before), found != expected_.end()) << address;
    if (found == expected_.end()) return;
    ASSERT_TRUE(is_same(before, found->second)) << address;
    expected_.erase(found);
  }
  // All blocks, by their events.
  void check() const {
    ASSERT_EQ(table_.size(), expected_.size());
    std::vector<LiveBlock> visited;
    table_.for_each([&](const LiveBlock& block) { visited.push_back(block); });
    std::vector<LiveBlock> expected;
    for (const auto& [address, block] : expected_) expected.push_back(block);
    const auto is_earlier = [](const LiveBlock& a, const LiveBlock& b) {
      return a.event < b.event;
    };
    std::sort(visited.begin(), visited.end(), is_earlier);
    std::sort(expected.begin(), expected.end(), is_earlier);
    ASSERT_TRUE(
        std::equal(visited.begin(), visited.end(), expected.begin(), expected.end(), is_same));
  }

 private:
  BlockTable table_;
  std::unordered_map<std::uint64_t, LiveBlock> expected_;
};

// Addresses from a heap, equally spaced ones of large steps, and any numbers at all.
std::uint64_t random_address(std::mt19937_64& random, std::uint64_t range) {
  switch (random() % 8) {
    case 0:
      return (random() % range + 1) << 40;
    case 1:
      return (random() % range + 1) << 12;
    case 2:
      return std::uint64_t{0xffffffffffffffff} - random() % range;
    default:
      return address_of(random() % range);
  }
}

TEST(BlockTable, HoldsWhatAMapHolds) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const std::uint64_t range : {10, 1000, 100'000}) {
    Checked checked;
    for (std::uint64_t i = 0; i < 10 * range + 1000; ++i) {
      // The table fills, empties and fills.
      const bool is_filling = i / (3 * range) % 2 == 0;
      const std::uint64_t address = random_address(random, range);
      if (random() % 10 < (is_filling ? 7 : 3)) {
        checked.put(address, block_of(i));
      } else {
        checked.take(address);
      }
      if (HasFatalFailure()) return;
    }
    checked.check();
  }
}

TEST(BlockTable, HoldsBlocksThatDoNotFitAnEntry) {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  const LiveBlock blocks[] = {
      {.bytes = 0xfffffffe, .event = 1, .origin = 1, .thread = 1},
      {.bytes = 0xffffffff, .event = 2, .origin = 1, .thread = 1},
      {.bytes = kMost, .event = 3, .origin = ~std::uint32_t{0}, .thread = 1},
      {.bytes = 1, .event = (std::uint64_t{1} << 41) - 1, .origin = 1, .thread = (1 << 22) - 1},
      {.bytes = 1, .event = (std::uint64_t{1} << 41) - 1, .origin = 1, .thread = 1, .is_object = 1},
      {.bytes = 1, .event = std::uint64_t{1} << 41, .origin = 1, .thread = 1},
      {.bytes = 1, .event = 6, .origin = 1, .thread = 1 << 22},
      {.bytes = kMost,
       .event = kMost,
       .origin = ~std::uint32_t{0},
       .thread = 0x7fffffff,
       .is_object = 1},
  };
  Checked checked;
  // Each replaces each, and each is removed.
  for (const LiveBlock& first : blocks) {
    for (const LiveBlock& second : blocks) {
      checked.put(0x1000, first);
      checked.check();
      checked.put(0x1000, second);
      checked.check();
      checked.take(0x1000);
      checked.take(0x1000);
      checked.check();
    }
  }
}

TEST(BlockTable, FindsBlocksThatPassedFullGroups) {
  // Blocks that are removed do not hide those that came after them, however often the groups fill.
  std::mt19937_64 random(1);
  Checked checked;
  for (std::uint64_t round = 0; round < 300; ++round) {
    for (std::uint64_t i = 0; i < 200; ++i)
      checked.put(address_of(random() % 220), block_of(round * 1000 + i));
    for (std::uint64_t i = 0; i < 220; ++i) checked.take(address_of(random() % 220));
    if (HasFatalFailure()) return;
    checked.check();
  }
}

TEST(BlockTable, HoldsBlocksThatCrowdOnePart) {
  // A table that is divided makes equal parts. Chance alone gives some of them many more blocks
  // than others; here one of 512 gets nearly all.
  Checked checked;
  std::uint64_t number = 0;
  for (std::uint64_t crowded = 0; crowded < 17'000; ++number) {
    const bool is_crowded = BlockTable::hash(address_of(number)) >> 55 == 300;
    if (!is_crowded && number % 5000 != 0) continue;
    if (is_crowded) ++crowded;
    checked.put(address_of(number), block_of(number));
    if (HasFatalFailure()) return;
  }
  checked.check();
  for (std::uint64_t i = 0; i < number; i += 2) checked.take(address_of(i));
  checked.check();
}

TEST(BlockTable, GrowsInStepsAndGivesMemoryBack) {
  constexpr std::uint64_t kBlocks = 1'000'000;
  const std::size_t at_start = allocated_bytes();
  LiveBlock before;
  {
    BlockTable table;
    const std::size_t when_empty = allocated_bytes() - at_start;
    EXPECT_LT(when_empty, 2000U);
    std::size_t longest = 0;
    for (std::uint64_t i = 0; i < kBlocks; ++i) {
      const std::size_t bytes = allocated_bytes();
      table.put(address_of(i), block_of(i), before);
      const std::size_t now = allocated_bytes() - at_start;
      // A table with this many blocks has been divided.
      if (i > 20'000) {
        longest = std::max(longest, allocated_bytes() - std::min(bytes, allocated_bytes()));
        ASSERT_LT(now, 45 * i) << i;
      }
    }
    EXPECT_LT(longest, kBlocks * 45 / 500);
    for (std::uint64_t i = 0; i < kBlocks; ++i) ASSERT_TRUE(table.take(address_of(i), before));
    EXPECT_EQ(table.size(), 0U);
    EXPECT_LT(allocated_bytes() - at_start, 300'000U);
  }
  EXPECT_EQ(allocated_bytes(), at_start);
}

}  // namespace
}  // namespace pymemflow::report
