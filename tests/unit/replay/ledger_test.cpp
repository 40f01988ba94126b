// Tests the ledger: the memory that is live after each kind of call.

#include "report/replay/ledger.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <random>
#include <string>

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
    return ledger.on_event(event, event.site);
  }
  void expect(std::uint64_t blocks, std::uint64_t bytes) {
    EXPECT_EQ(ledger.total().live.blocks, blocks);
    EXPECT_EQ(ledger.total().live.bytes, bytes);
    Totals sum;
    for (const SiteId site : ledger.origins()) sum.add(ledger.of(site));
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
  EXPECT_EQ(calls.ledger.peak().origin, 2u);
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

// The ledger's rules, written down once more in the shortest way.
struct PlainLedger {
  struct Block {
    std::uint64_t bytes;
    std::uint64_t event;
    SiteId site;
  };
  std::map<std::uint64_t, Block> live;
  std::map<SiteId, Totals> totals;
  std::uint64_t events = 0, latest = 0, unknown = 0, unseen = 0, bytes = 0;
  Ledger::Peak peak;

  void end(std::uint64_t address) {
    const Block block = live.at(address);
    totals[block.site].live.subtract({block.bytes, 1});
    bytes -= block.bytes;
    live.erase(address);
  }
  void release(std::uint64_t address) {
    if (address == 0) return;
    if (live.count(address) == 0) {
      ++unknown;
      return;
    }
    if (address == latest) {
      ++totals[live.at(address).site].temporary;
      latest = 0;
    }
    end(address);
  }
  void on_event(const Event& event) {
    ++events;
    const Effect effect = traits(event.function).effect;
    const bool asks_for_nothing = event.function == Function::realloc && event.arguments[1] == 0;
    const bool gives_back = effect == Effect::Release ||
                            (effect == Effect::Move && (event.result != 0 || asks_for_nothing));
    if (gives_back) release(event.arguments[0]);
    if (effect == Effect::Release || event.result == 0) return;
    if (live.count(event.result) != 0) {
      ++unseen;
      end(event.result);
    }
    live[event.result] = {event.size_bytes(), events, event.site};
    latest = event.result;
    bytes += event.size_bytes();
    totals[event.site].live.add({event.size_bytes(), 1});
    totals[event.site].allocated.add({event.size_bytes(), 1});
    if (peak.event != 0 && bytes <= peak.live.bytes) return;
    peak = {{bytes, live.size()}, events, event.site};
  }
};

// An event that a program, or a damaged capture, may have: at one of few addresses, so that most of
// them are live, freed and used again.
Event random_event(std::mt19937_64& random) {
  const auto address = [&] { return 0x1000 + random() % 40'000 * 16; };
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 33;
  Event event{};
  event.site = 1 + static_cast<SiteId>(random() % 20);
  event.thread = static_cast<std::uint32_t>(random());
  const std::uint64_t size = random() % 50 == 0 ? random() % kLargest : random() % 300;
  switch (random() % 7) {
    case 0:
    case 1:
    case 2:
      event.function = Function::free;
      event.arguments[0] = random() % 20 == 0 ? 0 : address();
      break;
    case 3:
      event.function = Function::realloc;
      event.arguments[0] = random() % 20 == 0 ? 0 : address();
      event.arguments[1] = random() % 20 == 0 ? 0 : size;
      event.result = random() % 20 == 0 ? 0 : address();
      break;
    default:
      event.function = Function::malloc;
      event.arguments[0] = size;
      event.result = random() % 20 == 0 ? 0 : address();
  }
  return event;
}

TEST(Ledger, FollowsItsRulesInRandomEvents) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Ledger ledger;
  PlainLedger plain;
  for (int i = 0; i < 300'000; ++i) {
    const Event event = random_event(random);
    ledger.on_event(event, event.site);
    plain.on_event(event);
  }
  EXPECT_EQ(ledger.blocks().size(), plain.live.size());
  EXPECT_EQ(ledger.total().live.bytes, plain.bytes);
  EXPECT_EQ(ledger.unknown_releases(), plain.unknown);
  EXPECT_EQ(ledger.unseen_releases(), plain.unseen);
  EXPECT_EQ(ledger.peak().live.bytes, plain.peak.live.bytes);
  EXPECT_EQ(ledger.peak().live.blocks, plain.peak.live.blocks);
  EXPECT_EQ(ledger.peak().event, plain.peak.event);
  EXPECT_EQ(ledger.peak().origin, plain.peak.origin);
  ledger.find_oldest();
  for (auto& [site, totals] : plain.totals) {
    for (const auto& [address, block] : plain.live) {
      std::uint64_t& oldest = totals.oldest_event;
      if (block.site == site && (oldest == 0 || block.event < oldest)) oldest = block.event;
    }
    const Totals& found = ledger.of(site);
    EXPECT_EQ(found.live.bytes, totals.live.bytes) << site;
    EXPECT_EQ(found.live.blocks, totals.live.blocks) << site;
    EXPECT_EQ(found.allocated.bytes, totals.allocated.bytes) << site;
    EXPECT_EQ(found.temporary, totals.temporary) << site;
    EXPECT_EQ(found.oldest_event, totals.oldest_event) << site;
  }
}

}  // namespace
}  // namespace pymemflow::report
