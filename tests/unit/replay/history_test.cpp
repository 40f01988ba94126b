// The lives of blocks by slices of time, and the memory over time: against a list of all blocks.
#include "report/history/history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "report/base/amount.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

// Bytes and blocks, which can be compared.
using Pair = std::pair<std::uint64_t, std::uint64_t>;
Pair pair_of(const Amount& amount) {
  return {amount.bytes, amount.blocks};
}

struct Block {
  OriginId origin;
  std::uint64_t bytes;
  std::uint64_t event;  // that allocated it
  std::uint64_t freed;  // likewise
};

// Calls with their times, which jump now and then, and all blocks that there were.
class RandomCalls {
 public:
  explicit RandomCalls(std::uint64_t seed) : random_(seed) {}

  void call(HistoryBuilder& history) {
    now_ns_ += random_() % 16 == 0 ? random_() % 3'000'000 : random_() % 50;
    history.reach(now_ns_, calls_);
    times_.push_back(now_ns_);
    ++calls_;
    if (!live_.empty() && random_() % 2 == 0) {
      const std::size_t at = random_() % live_.size();
      Block& block = blocks_[live_[at]];
      block.freed = calls_;
      history.blocks.on_released(block.origin, 7, block.event, block.bytes, calls_);
      live_[at] = live_.back();
      live_.pop_back();
    } else {
      live_.push_back(blocks_.size());
      blocks_.push_back(
          {static_cast<OriginId>(1 + random_() % 5), random_() % 1000, calls_, kNever});
      history.blocks.on_allocated(blocks_.back().origin, blocks_.back().bytes);
    }
  }
  SlicedLives finish(HistoryBuilder& history) {
    history.blocks.end();
    for (const std::size_t each : live_) {
      const Block& block = blocks_[each];
      history.blocks.on_alive(block.origin, 7, block.event, block.bytes, block.origin == 5);
    }
    return history.blocks.finish();
  }
  // The calls before a time: the first one that was certainly not earlier comes after them.
  std::uint64_t calls_before(std::uint64_t ns) const {
    return static_cast<std::uint64_t>(
        std::find_if(times_.begin(), times_.end(), [&](auto time) { return time >= ns; }) -
        times_.begin());
  }
  // Returns the blocks that were allocated in a range of calls and are live at its end.
  Amount retained(std::uint64_t from, std::uint64_t to) const {
    Amount sum;
    for (const Block& block : blocks_) {
      if (block.event > from && block.event <= to && block.freed > to) sum.add({block.bytes, 1});
    }
    return sum;
  }

 private:
  std::mt19937_64 random_;
  std::uint64_t now_ns_ = 0;
  std::uint64_t calls_ = 0;
  std::vector<std::uint64_t> times_;
  std::vector<Block> blocks_;
  std::vector<std::size_t> live_;
};

Amount retained(const SlicedLives& lives, std::size_t from, std::size_t to) {
  Amount sum;
  for (const BlockLives& each : lives.lives) {
    const bool is_born = each.born != kBornBefore && each.born >= from && each.born < to;
    if (is_born && each.died >= to) sum.add({each.bytes, each.blocks});
  }
  return sum;
}

TEST(History, RangesAreThoseOfTheBlocks) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    RandomCalls run(seed);
    HistoryBuilder history;
    for (int call = 0; call < 20000; ++call) run.call(history);
    const SlicedLives lives = run.finish(history);
    ASSERT_LE(lives.slices.size(), BlockLivesBuilder::kMostSlices);
    ASSERT_GE(lives.slices.size(), BlockLivesBuilder::kMostSlices / 2);
    for (std::size_t from = 0; from < lives.slices.size(); from += 17) {
      for (std::size_t to = from + 1; to < lives.slices.size(); to += 23) {
        const std::uint64_t first = run.calls_before(from * lives.width_ns);
        const std::uint64_t last = run.calls_before(to * lives.width_ns);
        ASSERT_EQ(lives.slices[from].calls, first) << seed;
        ASSERT_EQ(pair_of(retained(lives, from, to)), pair_of(run.retained(first, last)))
            << seed << ' ' << from;
      }
    }
  }
}

TEST(History, ARangeOfTheRecordBeginsAnew) {
  RandomCalls run(11);
  HistoryBuilder history;
  for (int call = 0; call < 500; ++call) run.call(history);
  history.begin_range(500);
  for (int call = 0; call < 500; ++call) run.call(history);
  const SlicedLives lives = run.finish(history);
  EXPECT_EQ(lives.slices.front().calls, 500U);
  EXPECT_EQ(pair_of(retained(lives, 0, lives.slices.size())), pair_of(run.retained(500, 1000)));
  Amount before;
  for (const BlockLives& each : lives.lives) {
    if (each.born == kBornBefore && each.died >= kExempt) before.add({each.bytes, each.blocks});
  }
  Amount expected = run.retained(0, 1000);
  expected.subtract(run.retained(500, 1000));
  EXPECT_EQ(pair_of(before), pair_of(expected));
}

TEST(History, ExemptBlocksAndSizesAndLives) {
  HistoryBuilder history;
  history.reach(0, 0);
  history.blocks.on_allocated(1, 100);
  history.blocks.on_allocated(1, 100);
  history.blocks.on_allocated(0, 100);  // not selected
  history.blocks.on_released(1, 7, 1, 100, 9);
  history.blocks.end();
  history.blocks.on_alive(1, 7, 2, 100, true);
  history.blocks.on_alive(1, 7, 3, 50, false);
  const SlicedLives lives = history.blocks.finish();
  ASSERT_EQ(lives.lives.size(), 3U);
  EXPECT_EQ(lives.lives[0].died, 0U);
  EXPECT_EQ(lives.lives[1].died, kExempt);
  EXPECT_EQ(lives.lives[2].died, kLeaked);
  EXPECT_EQ(lives.slices[0].sizes[7], 2U);  // 64 to 127 bytes
  EXPECT_EQ(lives.slices[0].lives[4], 1U);  // 8 to 15 calls
}

TEST(History, ManyThreadsAreOne) {
  HistoryBuilder history;
  for (std::uint32_t thread = 1; thread <= 1000; ++thread) {
    history.blocks.on_released(1, thread, thread, 1, thread + 1);
  }
  history.blocks.end();
  const SlicedLives lives = history.blocks.finish();
  EXPECT_EQ(lives.threads.size(), 256U);
  EXPECT_EQ(lives.threads.back(), kOtherThreads);
  std::uint64_t blocks = 0;
  for (const BlockLives& each : lives.lives) blocks += each.blocks;
  EXPECT_EQ(blocks, 1000U);
}

TEST(History, AnyClockIsBorne) {
  for (const std::uint64_t end : {std::uint64_t{1} << 40, std::uint64_t{1} << 62, kNever}) {
    HistoryBuilder history;
    history.reach(5, 0);
    history.curve.on_blocks(100);
    history.reach(end, 10);
    history.reach(end - 1, 20);
    const SlicedLives lives = history.blocks.finish();
    EXPECT_LE(lives.slices.size(), BlockLivesBuilder::kMostSlices);
    const MemoryCurve curve = history.curve.finish();
    EXPECT_LE(curve.points.size(), MemoryCurveBuilder::kMostPoints + 1);
    EXPECT_EQ(curve.points.back().live, 100U);
  }
}

TEST(History, TheCurveHasThePeak) {
  std::mt19937_64 random(3);
  HistoryBuilder history;
  std::uint64_t now_ns = 0;
  std::uint64_t most = 0;
  std::uint64_t live = 0;
  for (int call = 0; call < 100000; ++call) {
    now_ns += random() % 5000;
    history.reach(now_ns, static_cast<std::uint64_t>(call));
    live = random() % 1000000;
    most = std::max(most, live);
    history.curve.on_blocks(live);
    if (call % 1000 == 0) history.curve.on_resident(2000000U + static_cast<unsigned>(call));
  }
  const MemoryCurve curve = history.curve.finish();
  EXPECT_LE(curve.points.size(), MemoryCurveBuilder::kMostPoints + 1);
  EXPECT_GE(curve.points.size(), MemoryCurveBuilder::kMostPoints / 2);
  std::uint64_t shown = 0;
  std::uint64_t resident = 0;
  for (const MemoryPoint& point : curve.points) {
    shown = std::max(shown, point.most);
    resident = std::max(resident, point.resident);
  }
  EXPECT_EQ(shown, most);
  EXPECT_EQ(resident, 2099000U);
  EXPECT_EQ(curve.points.back().live, live);
  const std::uint64_t end = curve.start_ns + curve.points.size() * curve.width_ns;
  EXPECT_GT(end, now_ns);
  EXPECT_LE(end - now_ns, curve.width_ns);
}

}  // namespace
}  // namespace pymemflow::report
