// Tests the exemption of the memory that an interpreter keeps by itself in other runs, up to as
// much and by the same C functions.

#include "report/replay/interpreter_memory.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace pymemflow::report {
namespace {

// A profile of stacks that are made of names: C functions, from the innermost outwards, and a line.
class MadeProfile {
 public:
  // `functions` without a name is a gap.
  MadeProfile& add(std::initializer_list<const char*> functions, const char* line, Amount live) {
    CallNode node = profile.tree.add(end_of_stack(StackEnd::Bottom), python(line));
    for (auto function = std::rbegin(functions); function != std::rend(functions); ++function) {
      node = profile.tree.add(node, native(*function));
    }
    StackStats& stack = profile.stacks.emplace_back();
    stack.node = node;
    stack.totals.live = live;
    profile.sites = rows_by_line(profile.tree, profile.stacks);
    return *this;
  }

  Amount leaked() const {
    Amount all;
    for (const SiteStats& site : profile.sites) all.add(site.leaked());
    return all;
  }

  Profile profile;

 private:
  std::uint32_t number(const std::string& key, SiteName name) {
    const auto [found, is_new] = numbers_.try_emplace(String(key), 0);
    if (is_new) found->second = profile.tree.add_name(std::move(name));
    return found->second;
  }
  std::uint32_t python(const char* line) {
    SiteName name;
    name.has_frame = true;
    name.file = name.function = line;
    return number(std::string("line ") + line, std::move(name));
  }
  std::uint32_t native(const char* function) {
    SiteName name;
    name.caller = function;
    if (name.caller.empty()) name.missing = StackEnd::NoRule;
    name.is_inlined = name.caller.starts_with("inlined ");
    return number(std::string("function ") + function, std::move(name));
  }

  HashMap<String, std::uint32_t, StringHash> numbers_;
};

InterpreterMemory measured(const MadeProfile& idle) {
  InterpreterMemory memory;
  memory.measure(idle.profile);
  return memory;
}

void expect(const MadeProfile& made, std::uint64_t bytes, std::uint64_t blocks) {
  EXPECT_EQ(made.leaked().bytes, bytes);
  EXPECT_EQ(made.leaked().blocks, blocks);
}

TEST(InterpreterMemory, IsExemptAtAnyLineByTheSameFunctions) {
  const InterpreterMemory memory = measured(MadeProfile().add({"malloc", "set"}, "idle", {70, 2}));
  MadeProfile made;
  made.add({"malloc", "set"}, "main", {70, 2}).add({"malloc", "get"}, "main", {9, 1});
  made.add({"malloc"}, "main", {8, 1});
  memory.set_aside(made.profile);
  expect(made, 17, 2);
  ASSERT_EQ(made.profile.sites.size(), 1U);
  EXPECT_EQ(made.profile.sites[0].leaked_stacks, 2U);
  EXPECT_EQ(made.profile.sites[0].exempt[static_cast<std::size_t>(Exemption::Measured)].bytes, 70U);
}

TEST(InterpreterMemory, WhatIsBeyondItCounts) {
  const InterpreterMemory memory = measured(MadeProfile().add({"set"}, "idle", {70, 2}));
  MadeProfile more;
  more.add({"set"}, "one", {50, 1}).add({"set"}, "two", {50, 1});
  memory.set_aside(more.profile);
  expect(more, 30, 1);
  // One larger block keeps its block.
  MadeProfile larger;
  larger.add({"set"}, "one", {100, 1});
  memory.set_aside(larger.profile);
  expect(larger, 30, 1);
}

TEST(InterpreterMemory, OfSeveralRunsTheLargestAmountsCount) {
  InterpreterMemory memory = measured(MadeProfile().add({"set"}, "idle", {70, 1}));
  memory.measure(MadeProfile().add({"set"}, "child", {40, 3}).profile);
  MadeProfile made;
  made.add({"set"}, "main", {70, 3});
  memory.set_aside(made.profile);
  expect(made, 0, 0);
}

TEST(InterpreterMemory, InlinedFunctionsDoNotMatter) {
  const InterpreterMemory memory = measured(MadeProfile().add({"malloc", "set"}, "idle", {70, 2}));
  MadeProfile made;
  made.add({"malloc", "inlined copy", "set"}, "main", {70, 2});
  memory.set_aside(made.profile);
  expect(made, 0, 0);
}

TEST(InterpreterMemory, StacksWithoutAllTheirFunctionsCount) {
  MadeProfile idle;
  idle.add({}, "idle", {10, 1}).add({"malloc", ""}, "idle", {10, 1});
  const InterpreterMemory memory = measured(idle);
  MadeProfile made;
  made.add({}, "main", {10, 1}).add({"malloc", ""}, "main", {10, 1});
  memory.set_aside(made.profile);
  expect(made, 20, 2);
}

}  // namespace
}  // namespace pymemflow::report
