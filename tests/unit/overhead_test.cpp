// The statistics and the commands of `pymemflow overhead`.

#include <gtest/gtest.h>

#include "cli/overhead/modes.h"
#include "cli/overhead/statistics.h"

namespace pymemflow::cli::overhead {
namespace {

std::vector<double> up_to(int last) {
  std::vector<double> values;
  for (int i = last; i > 0; --i) values.push_back(i);
  return values;
}

void expect(const Estimate& estimate, double low, double median, double high) {
  EXPECT_DOUBLE_EQ(estimate.low, low);
  EXPECT_DOUBLE_EQ(estimate.median, median);
  EXPECT_DOUBLE_EQ(estimate.high, high);
}

TEST(Estimate, OfFewValuesIsTheirRange) {
  expect(estimate({3}), 3, 3, 3);
  expect(estimate({4, 1}), 1, 2.5, 4);
  expect(estimate(up_to(5)), 1, 3, 5);
  expect(estimate(up_to(8)), 1, 4.5, 8);
}

// The ranks are those of the tables for the sign test at 5 %.
TEST(Estimate, OfManyValuesLeavesOutTheOutermost) {
  expect(estimate(up_to(9)), 2, 5, 8);
  expect(estimate(up_to(11)), 2, 6, 10);
  expect(estimate(up_to(12)), 3, 6.5, 10);
  expect(estimate(up_to(20)), 6, 10.5, 15);
  expect(estimate(up_to(100)), 40, 50.5, 61);
}

TEST(Estimate, OfPairsFollowsADrift) {
  const std::vector<double> bare = {1, 2, 3, 4, 5};
  const std::vector<double> tool = {1.1, 2.2, 3.3, 4.4, 5.5};
  const Estimate ratio = estimate(ratios(tool, bare));
  EXPECT_NEAR(ratio.low, 1.1, 1e-9);
  EXPECT_NEAR(ratio.high, 1.1, 1e-9);
}

TEST(Noise, IsTheDifferenceOfTwoBareRuns) {
  const Estimate again{.median = 0.8, .low = 0.7, .high = 0.9};
  EXPECT_DOUBLE_EQ(noise_of(again, {}), 1.25);
  EXPECT_TRUE(is_within({.median = 1.2, .low = 1.1, .high = 1.3}, 1.25));
  EXPECT_FALSE(is_within({.median = 1.3, .low = 1.1, .high = 1.4}, 1.25));
}

// No tool makes a program faster: x0.81 is noise, and so is x1.1 beside it.
TEST(Noise, IsATimeThatIsTooShort) {
  const Estimate again{.median = 1, .low = 1, .high = 1};
  const Estimate tools[] = {{.median = 0.81, .low = 0.8, .high = 0.82},
                            {.median = 1.1, .low = 1.09, .high = 1.11},
                            {.median = 1.5, .low = 1.4, .high = 1.6}};
  const double noise = noise_of(again, tools);
  EXPECT_TRUE(is_within(tools[0], noise));
  EXPECT_TRUE(is_within(tools[1], noise));
  EXPECT_FALSE(is_within(tools[2], noise));
}

TEST(Noise, IsASpreadAround1) {
  EXPECT_TRUE(is_within({.median = 1.1, .low = 0.9, .high = 1.4}, 1));
  EXPECT_FALSE(is_within({.median = 1.1, .low = 1.05, .high = 1.4}, 1));
}

const Mode& mode_of(const std::string& name) {
  std::vector<const Mode*> chosen;
  const bool is_ours = names_of(true).find(name) != std::string::npos;
  EXPECT_FALSE(choose(name, is_ours, chosen));
  return *chosen.at(0);
}

using Words = std::vector<std::string>;

TEST(Modes, PutAModuleBehindTheOptionsOfThePython) {
  const Words words = {"python3", "-X", "dev", "-B", "-W", "error", "script.py", "-m", "x"};
  const Words expected = {"python3",   "-X",        "dev", "-B",      "-W", "error",
                          "-m",        "memray",    "run", "--force", "-q", "-o",
                          "/f/memray", "script.py", "-m",  "x"};
  EXPECT_EQ(command_of(mode_of("memray"), words, "/f"), expected);
  EXPECT_EQ(python_program({"/usr/bin/python3.11", "-m", "json.tool"})->rest,
            (Words{"-m", "json.tool"}));
  EXPECT_EQ(python_program({"python3", "-c", "1"})->rest, (Words{"-c", "1"}));
  EXPECT_FALSE(python_program({"/bin/sh", "-c", "1"}));
}

TEST(Modes, PutAProgramInFront) {
  EXPECT_EQ(command_of(mode_of("heaptrack"), {"ls", "-l"}, "/f"),
            (Words{"heaptrack", "--raw", "-o", "/f/heaptrack", "ls", "-l"}));
  EXPECT_EQ(command_of(mode_of("record"), {"ls"}, "/f"), Words{"ls"});
  EXPECT_EQ(environment_of(mode_of("record"), "/f%").at(0).second, "/f%%/capture.%p.%t");
}

TEST(Modes, AreChosenByName) {
  std::vector<const Mode*> chosen;
  EXPECT_FALSE(choose("none", false, chosen));
  EXPECT_TRUE(chosen.empty());
  EXPECT_FALSE(choose("ring,record", true, chosen));
  ASSERT_EQ(chosen.size(), 2u);
  EXPECT_EQ(chosen[0]->name, "record");  // in the order of the table
  EXPECT_NE(choose("memrai", false, chosen).text.find("did you mean 'memray'"), std::string::npos);
  EXPECT_TRUE(choose("record", false, chosen));
}

}  // namespace
}  // namespace pymemflow::cli::overhead
