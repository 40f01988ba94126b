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

struct Snapshot;

// The change of the memory of one stack; rounds in which it did not change are left out.
struct StackRounds {
  struct Entry {
    std::uint32_t round = 0;  // from 0
    Change change;
  };
  CallNode node = kNoCallNode;
  Vector<Entry> entries;  // by round
};

struct Rounds {
  String name;            // of the mark; of a section: "NAME end"
  std::size_t count = 0;  // of rounds
  Vector<StackRounds> stacks;
};

// Whether the mark ends a round: it is compared with one of its own name, or with the begin of its
// section.
bool ends_round(const Snapshot& snapshot);

class RoundsBuilder {
 public:
  // Begins the next round of that name.
  void begin(std::string_view name);
  // Adds a change to the round that was begun last.
  void add(CallNode node, const Change& change);

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
