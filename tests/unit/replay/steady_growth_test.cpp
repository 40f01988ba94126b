// Tests the judgement of series: leaks grow steadily; warm-up, caches, tables and noise do not.

#include "report/replay/steady_growth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace pymemflow::report {
namespace {

using Changes = std::vector<std::int64_t>;

// The changes of the rounds 1 to `rounds`.
Changes made(std::int64_t rounds, const std::function<std::int64_t(std::int64_t)>& change) {
  Changes changes;
  for (std::int64_t round = 1; round <= rounds; ++round) changes.push_back(change(round));
  return changes;
}

// Judges a process with this series alone, as the gate does.
SteadyGrowth judged(const Changes& changes) {
  return steady_growth(std::span(changes).subspan(warm_up_rounds(changes)));
}

TEST(SteadyGrowth, IsALeakOfOneBlockInEachRound) {
  for (std::int64_t rounds = 2; rounds <= 300; ++rounds) {
    const SteadyGrowth growth = steady_growth(Changes(static_cast<std::size_t>(rounds), 48));
    EXPECT_TRUE(growth.grows) << rounds;
    EXPECT_EQ(growth.confidence, rounds < 4 ? Confidence::Low : Confidence::High) << rounds;
    EXPECT_DOUBLE_EQ(growth.slope.per_round, 48);
    EXPECT_DOUBLE_EQ(growth.slope.low, 48);
    EXPECT_DOUBLE_EQ(growth.slope.high, 48);
    EXPECT_EQ(growth.grown, static_cast<std::size_t>(rounds));
  }
}

TEST(SteadyGrowth, NeedsTwoRounds) {
  for (const Changes& changes : {Changes{}, Changes{1000}}) {
    EXPECT_FALSE(steady_growth(changes).grows);
    EXPECT_EQ(steady_growth(changes).confidence, Confidence::None);
  }
}

TEST(SteadyGrowth, WithFewRoundsIsGrowthInEach) {
  EXPECT_TRUE(steady_growth(Changes{10, 900}).grows);
  EXPECT_TRUE(steady_growth(Changes{10, 900, 1}).grows);
  EXPECT_FALSE(steady_growth(Changes{10, 0}).grows);
  EXPECT_FALSE(steady_growth(Changes{10, 900, 0}).grows);
  EXPECT_FALSE(steady_growth(Changes{10, 900, -1}).grows);
  EXPECT_EQ(steady_growth(Changes{10, 900, 50}).slope.high, 900);
}

TEST(SteadyGrowth, AllowsAnOddRound) {
  EXPECT_TRUE(steady_growth(Changes{48, 48, 48, 0, 48, 48, 48, 48, 48, 48}).grows);
  EXPECT_TRUE(steady_growth(Changes{48, 48, 48, 5000, 48, 48}).grows);
  EXPECT_NEAR(steady_growth(Changes{48, 5000, 48, 48, 48, 48, 48, 48}).slope.per_round, 48, 1);
}

TEST(SteadyGrowth, FindsABlockInTenRoundsOnceItGrewFourTimes) {
  const auto slow = [](std::int64_t round) { return round % 10 == 5 ? 64 : 0; };
  EXPECT_FALSE(steady_growth(made(20, slow)).grows);
  for (const std::int64_t rounds : {40, 50, 60, 100, 500, 3000}) {
    const SteadyGrowth growth = steady_growth(made(rounds, slow));
    EXPECT_TRUE(growth.grows) << rounds;
    EXPECT_NEAR(growth.slope.per_round, 6.4, 1.5) << rounds;
  }
}

TEST(SteadyGrowth, HasStoppedWhereItGrewTwiceAndThenRests) {
  EXPECT_TRUE(has_stopped(Changes{48, 48, 48, 0, 0}));
  EXPECT_TRUE(has_stopped(Changes{48, 48, -48, 0}));
  EXPECT_FALSE(has_stopped(Changes{48, 48, 48, 48, 0}));
  EXPECT_FALSE(has_stopped(Changes{48, 0, 0, 48, 0, 0}));
  EXPECT_FALSE(has_stopped(Changes{48, 0, 0, 0}));
  EXPECT_FALSE(has_stopped(Changes{0, 0, 0}));
  EXPECT_FALSE(has_stopped(Changes{}));
}

TEST(SteadyGrowth, IsNoFirstUse) {
  for (std::int64_t rounds = 4; rounds <= 120; ++rounds) {
    for (std::int64_t step = 1; step <= rounds; ++step) {
      const auto once = [=](std::int64_t round) { return round == step ? 100'000 : 0; };
      EXPECT_FALSE(steady_growth(made(rounds, once)).grows) << step << " of " << rounds;
      EXPECT_FALSE(judged(made(rounds, once)).grows) << step << " of " << rounds;
    }
  }
}

// A table of one block that holds what the rounds add, and is replaced by one of `factor` its size.
Changes table(std::int64_t rounds, double factor, double added) {
  double size = 64;
  return made(rounds, [&, used = 0.0](std::int64_t) mutable {
    const double before = size;
    used += added;
    while (size < used) size *= factor;
    return static_cast<std::int64_t>(size) - static_cast<std::int64_t>(before);
  });
}

TEST(SteadyGrowth, IsNoTableThatDoubles) {
  for (std::int64_t rounds = 4; rounds <= 200; ++rounds) {
    for (const double added : {8.0, 60.0, 777.0, 100'000.0}) {
      EXPECT_FALSE(steady_growth(table(rounds, 2, added)).grows) << rounds << " " << added;
      EXPECT_FALSE(judged(table(rounds, 2, added)).grows) << rounds << " " << added;
    }
  }
}

TEST(SteadyGrowth, IsNoCacheThatIsFull) {
  for (std::int64_t rounds = 5; rounds <= 120; ++rounds) {
    for (std::int64_t full = 1; full + 2 <= rounds; ++full) {
      const auto fills = [=](std::int64_t round) { return round <= full ? 30'000 : 0; };
      EXPECT_FALSE(judged(made(rounds, fills)).grows) << full << " of " << rounds;
    }
  }
}

TEST(SteadyGrowth, IsACacheThatStillFills) {
  for (std::int64_t rounds = 2; rounds <= 50; ++rounds) {
    EXPECT_TRUE(judged(Changes(static_cast<std::size_t>(rounds), 30'000)).grows);
  }
  EXPECT_TRUE(judged({1'000'000, 500'000, 250'000, 125'000, 60'000}).grows);
}

TEST(SteadyGrowth, IsNoPeriodicCache) {
  for (std::int64_t period = 2; period <= 10; ++period) {
    for (std::int64_t rounds = 2 * period; rounds <= 100; ++rounds) {
      const auto cleared = [=](std::int64_t round) {
        return round % period == 0 ? -(period - 1) * 20'000 : 20'000;
      };
      EXPECT_FALSE(judged(made(rounds, cleared)).grows) << period << " of " << rounds;
    }
  }
}

TEST(SteadyGrowth, FindsALeakInAPeriodicCache) {
  const auto cleared = [](std::int64_t round) { return (round % 3 == 0 ? -400 : 200) + 1000; };
  EXPECT_TRUE(judged(made(12, cleared)).grows);
}

// An arena whose blocks double is no table: the older blocks stay.
TEST(SteadyGrowth, MayStillFill) {
  EXPECT_TRUE(still_fills(Changes{147, 147, 295, 0, 590}));
  EXPECT_TRUE(still_fills(Changes{147, 147, 295, 590, 0}));
  EXPECT_TRUE(still_fills(Changes{50, 20, 8, 3, 1}));
  EXPECT_FALSE(still_fills(Changes{147, 147, 295}));  // too few
  EXPECT_FALSE(still_fills(Changes{147, 0, 295, 0, 590}));
  EXPECT_FALSE(still_fills(Changes{50, 20, 8, 3, 1, 1, 0, 0}));
  EXPECT_FALSE(still_fills(Changes{50, 20, 8, -3, 1}));
}

TEST(WarmUp, EndsWhereGrowthLevelsOff) {
  const struct {
    Changes changes;
    std::size_t rounds;
  } cases[] = {
      {{48, 48, 48, 48, 48}, 0},
      {{500'000, 48, 48, 48, 48}, 1},
      {{500'000, 100'000, 0, 0, 0}, 2},
      {{500'000, 400'000, 300'000, 0, 0}, 3},
      {{0, 0, 90'000, 0, 0}, 0},  // an odd round is not warm-up
      {{-500'000, 0, 0, 0, 0}, 1},
      {{700, 48, 48, 48, 48}, 0},  // a few objects
      {{500'000, 70'000, 80'000, 60'000, 75'000}, 1},
      {{500'000, 0}, 0},
      {{}, 0},
      {{20, 20'000, -40'000, 20'000, 20'000, -40'000}, 0},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(warm_up_rounds(each.changes), each.rounds) << ::testing::PrintToString(each.changes);
  }
}

TEST(WarmUp, LeavesTwoRounds) {
  std::mt19937_64 random(20);
  std::uniform_int_distribution<std::int64_t> change(-1'000'000, 1'000'000);
  for (std::size_t rounds = 2; rounds < 40; ++rounds) {
    for (int i = 0; i < 500; ++i) {
      const Changes changes =
          made(static_cast<std::int64_t>(rounds), [&](std::int64_t) { return change(random); });
      EXPECT_LE(warm_up_rounds(changes) + kFewestRounds, rounds);
    }
  }
}

// Memory that varies about a level, as a cache does whose entries are replaced.
TEST(SteadyGrowth, IsRarelySeenInNoise) {
  std::mt19937_64 random(19);
  std::normal_distribution<double> level(0, 10'000);
  for (const std::int64_t rounds : {4, 5, 8, 20, 63}) {
    int grown = 0;
    for (int i = 0; i < 4000; ++i) {
      double before = level(random);
      const Changes changes = made(rounds, [&](std::int64_t) {
        const double now = level(random);
        const double difference = now - before;
        before = now;
        return static_cast<std::int64_t>(difference);
      });
      grown += steady_growth(changes).grows ? 1 : 0;
    }
    EXPECT_LT(grown, 4000 / 80) << rounds;  // five levels are in order in one of 120 cases
  }
}

// A leak as large as the noise is found in many rounds, whatever the warm-up was.
TEST(SteadyGrowth, IsFoundInNoise) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 300; ++i) {
    std::normal_distribution<double> level(0, 1000);
    double before = 0;
    const auto rounds = static_cast<std::int64_t>(30 + random() % 100);
    const std::int64_t warm = static_cast<std::int64_t>(random() % 5);
    const Changes changes = made(rounds, [&](std::int64_t round) {
      const double now = level(random);
      const double change = now - before + 1000 + (round <= warm ? 1e6 / double(round) : 0);
      before = now;
      return static_cast<std::int64_t>(change);
    });
    const SteadyGrowth growth = judged(changes);
    EXPECT_TRUE(growth.grows) << ::testing::PrintToString(changes);
    EXPECT_NEAR(growth.slope.per_round, 1000, 150);
    EXPECT_LE(growth.slope.low, growth.slope.per_round);
    EXPECT_GE(growth.slope.high, growth.slope.per_round);
  }
}

}  // namespace
}  // namespace pymemflow::report
