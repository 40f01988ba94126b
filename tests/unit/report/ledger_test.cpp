// Tests the ledger: the memory that is live after each kind of call.

#include "report/replay/ledger.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kA = 0x1000;
constexpr std::uint64_t kB = 0x2000;

struct Calls {
  Ledger ledger;

  bool call(Function function, std::initializer_list<std::uint64_t> arguments,
            std::uint64_t result = 0, SiteId site = 1) {
    Event event{};
    event.function = function;
    event.site = site;
    std::size_t i = 0;
    for (const std::uint64_t argument : arguments) event.arguments[i++] = argument;
    event.result = result;
    return ledger.on_event(event);
  }
  void expect(std::uint64_t blocks, std::uint64_t bytes) {
    EXPECT_EQ(ledger.total().live.blocks, blocks);
    EXPECT_EQ(ledger.total().live.bytes, bytes);
    Totals sum;
    for (const SiteId site : ledger.sites()) sum.add(ledger.of(site));
    EXPECT_EQ(sum.live.blocks, blocks);
    EXPECT_EQ(sum.live.bytes, bytes);
    EXPECT_EQ(ledger.blocks().size(), blocks);
  }
};

TEST(Ledger, SizesAreThoseThatWereAskedFor) {
  Calls calls;
  calls.call(Function::malloc, {10}, 0x1000);
  calls.call(Function::calloc, {3, 7}, 0x2000);
  calls.call(Function::posix_memalign, {64, 100}, 0x3000);
  calls.call(Function::aligned_alloc, {64, 128}, 0x4000);
  calls.call(Function::memalign, {64, 200}, 0x5000);
  calls.call(Function::valloc, {300}, 0x6000);
  calls.call(Function::pvalloc, {400}, 0x7000);
  calls.call(Function::reallocarray, {0, 5, 9}, 0x8000);
  calls.expect(8, 10 + 21 + 100 + 128 + 200 + 300 + 400 + 45);
}

TEST(Ledger, EveryWayToGiveBack) {
  Calls calls;
  for (const std::uint64_t block : {0x1000, 0x2000, 0x3000}) {
    calls.call(Function::malloc, {10}, block);
  }
  calls.call(Function::free, {0x1000});
  calls.call(Function::free_sized, {0x2000, 10});
  calls.call(Function::free_aligned_sized, {0x3000, 64, 10});
  calls.expect(0, 0);
  EXPECT_EQ(calls.ledger.total().allocated.blocks, 3u);
  EXPECT_EQ(calls.ledger.total().allocated.bytes, 30u);
}

TEST(Ledger, NothingIsHandedOutOrGivenBack) {
  Calls calls;
  calls.call(Function::malloc, {std::uint64_t{1} << 60}, 0);
  calls.call(Function::free, {0});
  calls.expect(0, 0);
  EXPECT_EQ(calls.ledger.total().allocated.blocks, 0u);
  EXPECT_EQ(calls.ledger.unknown_releases(), 0u);
  EXPECT_EQ(calls.ledger.peak().event, 0u);
}

TEST(Ledger, ReallocMovesToItsOwnSite) {
  Calls calls;
  calls.call(Function::malloc, {10}, kA, 1);
  calls.call(Function::realloc, {kA, 30}, kB, 2);
  calls.expect(1, 30);
  EXPECT_EQ(calls.ledger.of(1).live.blocks, 0u);
  EXPECT_EQ(calls.ledger.of(2).live.bytes, 30u);
  calls.call(Function::realloc, {kB, 20}, kB, 2);
  calls.expect(1, 20);
}

TEST(Ledger, ReallocToNothingGivesBack) {
  Calls calls;
  calls.call(Function::malloc, {10}, kA);
  calls.call(Function::realloc, {kA, 0}, 0);
  calls.expect(0, 0);
  calls.call(Function::malloc, {10}, kA);
  calls.call(Function::reallocarray, {kA, 4, 0}, 0);
  calls.expect(0, 0);
  calls.call(Function::realloc, {0, 0}, kB);
  calls.expect(1, 0);
}

TEST(Ledger, FailedReallocLeavesTheBlock) {
  Calls calls;
  calls.call(Function::malloc, {10}, kA);
  calls.call(Function::realloc, {kA, std::uint64_t{1} << 60}, 0);
  calls.expect(1, 10);
  // The product overflows to 0; the call has failed, and the block stays.
  calls.call(Function::reallocarray, {kA, std::uint64_t{1} << 32, std::uint64_t{1} << 32}, 0);
  calls.expect(1, 10);
}

TEST(Ledger, BlocksFromBeforeTheRecord) {
  Calls calls;
  calls.call(Function::free, {kA});
  calls.call(Function::realloc, {kA, 5}, kB);
  calls.expect(1, 5);
  EXPECT_EQ(calls.ledger.unknown_releases(), 2u);
}

TEST(Ledger, BlockWhoseReleaseWasNotSeen) {
  Calls calls;
  calls.call(Function::malloc, {10}, kA, 1);
  calls.call(Function::malloc, {20}, kA, 2);
  calls.expect(1, 20);
  EXPECT_EQ(calls.ledger.of(1).live.blocks, 0u);
  EXPECT_EQ(calls.ledger.unseen_releases(), 1u);
}

TEST(Ledger, PeakIsTheFirstOfItsHeight) {
  Calls calls;
  EXPECT_TRUE(calls.call(Function::malloc, {10}, kA, 1));
  EXPECT_TRUE(calls.call(Function::malloc, {20}, kB, 2));
  calls.call(Function::free, {kA});
  EXPECT_FALSE(calls.call(Function::malloc, {10}, kA, 3));
  EXPECT_EQ(calls.ledger.peak().live.bytes, 30u);
  EXPECT_EQ(calls.ledger.peak().live.blocks, 2u);
  EXPECT_EQ(calls.ledger.peak().event, 2u);
  EXPECT_EQ(calls.ledger.peak().site, 2u);
  // A block that realloc moves is counted once.
  EXPECT_FALSE(calls.call(Function::realloc, {kA, 5}, 0x3000, 3));
}

TEST(Ledger, TemporaryIsWhatIsGivenBackBeforeTheNextAllocation) {
  Calls calls;
  calls.call(Function::malloc, {10}, kA, 1);
  calls.call(Function::free, {kB});
  calls.call(Function::free, {kA});
  EXPECT_EQ(calls.ledger.of(1).temporary, 1u);
  calls.call(Function::malloc, {10}, kA, 1);
  calls.call(Function::malloc, {10}, kB, 2);
  calls.call(Function::free, {kA});
  EXPECT_EQ(calls.ledger.of(1).temporary, 1u);
  calls.call(Function::free, {kB});
  EXPECT_EQ(calls.ledger.total().temporary, 2u);
}

TEST(Ledger, OldestIsOfWhatIsAlive) {
  Calls calls;
  calls.call(Function::malloc, {10}, 0x1000, 7);
  calls.call(Function::malloc, {10}, 0x2000, 7);
  calls.call(Function::malloc, {10}, 0x3000, 7);
  calls.call(Function::free, {0x1000});
  calls.ledger.find_oldest();
  EXPECT_EQ(calls.ledger.of(7).oldest_event, 2u);
  calls.call(Function::free, {0x2000});
  calls.call(Function::free, {0x3000});
  calls.ledger.find_oldest();
  EXPECT_EQ(calls.ledger.of(7).oldest_event, 0u);
}

}  // namespace
}  // namespace pymemflow::report
