// The tree of stacks: nodes in any order, and definitions that cannot be right.

#include "report/names/stack_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace pymemflow::report {
namespace {

std::vector<SiteId> sites_of(const StackTable& stacks, StackId stack, StackEnd end) {
  std::vector<SiteId> sites;
  EXPECT_EQ(stacks.for_each_frame(stack, [&](SiteId site) { sites.push_back(site); }), end);
  return sites;
}

StackTable with_limit() {
  StackTable stacks;
  stacks.set_limit(100'000);
  return stacks;
}

using Sites = std::vector<SiteId>;

TEST(StackTable, HasTheFramesOfAStackFromTheTopDown) {
  StackTable stacks = with_limit();
  EXPECT_TRUE(stacks.add(16, {end_of_stack(StackEnd::Bottom), 1}));
  EXPECT_TRUE(stacks.add(17, {16, 2}));
  EXPECT_TRUE(stacks.add(18, {17, 3}));
  EXPECT_TRUE(stacks.add(19, {end_of_stack(StackEnd::Cut), 4}));
  EXPECT_EQ(sites_of(stacks, 18, StackEnd::Bottom), (Sites{3, 2, 1}));
  EXPECT_EQ(sites_of(stacks, 19, StackEnd::Cut), Sites{4});
  EXPECT_EQ(sites_of(stacks, kNoStack, StackEnd::SiteOnly), Sites{});
  EXPECT_EQ(stacks.frames(18), 3U);
  EXPECT_EQ(stacks.frames(20), 0U);
  EXPECT_EQ(stacks.size(), 4U);
}

TEST(StackTable, TakesANodeBeforeItsParent) {
  StackTable stacks = with_limit();
  constexpr StackId kNodes = 5'000;
  for (StackId i = kNodes - 1; i > 0; --i) {
    EXPECT_TRUE(stacks.add(kFirstStack + i, {kFirstStack + i - 1, i + 1}));
  }
  EXPECT_EQ(stacks.waiting(), kNodes - 1);
  EXPECT_EQ(stacks.find(kFirstStack + 1), nullptr);
  EXPECT_TRUE(stacks.add(kFirstStack, {end_of_stack(StackEnd::Bottom), 1}));
  EXPECT_EQ(stacks.waiting(), 0U);
  EXPECT_EQ(stacks.frames(kFirstStack + kNodes - 1), kNodes);
  EXPECT_EQ(stacks.damaged(), 0U);
}

TEST(StackTable, RefusesWhatIsNoNode) {
  StackTable stacks = with_limit();
  EXPECT_FALSE(stacks.add(4, {0, 1}));   // the number of an end
  EXPECT_FALSE(stacks.add(16, {5, 1}));  // an unknown end
  EXPECT_FALSE(stacks.add(16, {0, kNoSite}));
  EXPECT_TRUE(stacks.add(16, {0, 1}));
  EXPECT_TRUE(stacks.add(16, {0, 1}));           // the same again
  EXPECT_FALSE(stacks.add(16, {0, 2}));          // with another meaning
  EXPECT_FALSE(stacks.add(0x80000000, {0, 1}));  // too far from the others
  EXPECT_EQ(stacks.size(), 1U);
}

TEST(StackTable, NeverFollowsACircle) {
  StackTable stacks = with_limit();
  EXPECT_TRUE(stacks.add(16, {18, 1}));
  EXPECT_TRUE(stacks.add(17, {16, 2}));
  EXPECT_TRUE(stacks.add(18, {17, 3}));
  EXPECT_TRUE(stacks.add(20, {20, 3}));
  EXPECT_EQ(stacks.find(16), nullptr);
  EXPECT_EQ(stacks.find(20), nullptr);
  EXPECT_EQ(stacks.waiting(), 4U);
  EXPECT_EQ(sites_of(stacks, 18, StackEnd::Unread), Sites{});
}

TEST(StackTable, LimitsTheDepth) {
  StackTable stacks = with_limit();
  EXPECT_TRUE(stacks.add(kFirstStack, {0, 1}));
  for (StackId i = 1; i < kMaxStackFrames; ++i) {
    ASSERT_TRUE(stacks.add(kFirstStack + i, {kFirstStack + i - 1, 1}));
  }
  EXPECT_FALSE(stacks.add(kFirstStack + kMaxStackFrames, {kFirstStack + kMaxStackFrames - 1, 1}));
}

}  // namespace
}  // namespace pymemflow::report
