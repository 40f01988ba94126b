#pragma once
// Rounds: the times between marks of one name, and the sections from a mark "NAME begin" to its
// "NAME end". A program that repeats its work sets such marks, and what grows in each round leaks
// (report/replay/steady_growth.h). Growth counts as in report/replay/marks.h. Report side, one
// thread.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

// In place of the size of small objects: other blocks.
inline constexpr std::uint16_t kNoObject = 1023;

// The change of the memory of one stack; rounds in which it did not change are left out.
struct StackRounds {
  // A round has one entry or more for each size of small objects, and for all other blocks.
  struct Entry {
    std::uint32_t round = 0;  // from 0
    std::uint16_t size = kNoObject;
    Change change;
  };
  CallNode node = kNoCallNode;
  Vector<Entry> entries;  // by round
  // The rounds of which blocks are live at the end of the last one; may have repetitions.
  Vector<std::uint32_t> kept;
};

struct Rounds {
  String name;              // of the mark; of a section: "NAME end"
  std::size_t count = 0;    // of rounds
  bool knows_kept = false;  // StackRounds::kept
  Vector<StackRounds> stacks;
};

class RoundsBuilder {
 public:
  // Begins the next round of that name.
  void begin(std::string_view name);
  // Adds a change to the round that was begun last.
  void add(CallNode node, std::uint16_t size, const Change& change);
  // After all rounds. False: there are no rounds of that name. The rounds of a stack with blocks
  // that are live at the end of the last one are added to it; `numbers` are those of `of_all`
  // rounds, the last of which are in the profile.
  bool select(std::string_view name);
  void keep(CallNode node, const Vector<std::uint32_t>& numbers, std::size_t of_all);

  // By the first round of each name.
  Vector<Rounds> take() { return std::move(rounds_); }

 private:
  using Numbers = HashMap<CallNode, std::size_t>;  // in Rounds::stacks

  Vector<Rounds> rounds_;
  Vector<Numbers> numbers_;  // as rounds_
  Map<String, std::size_t> names_;
  std::size_t current_ = 0;  // in rounds_
};

}  // namespace pymemflow::report
