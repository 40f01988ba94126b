#include "report/replay/rounds.h"

#include "report/replay/marks.h"

namespace pymemflow::report {

bool ends_round(const Snapshot& snapshot) {
  const String& since = snapshot.growth.since;
  return since == snapshot.name || (!since.empty() && since == begin_of_section(snapshot.name));
}

void RoundsBuilder::begin(std::string_view name) {
  const auto [known, is_new] = names_.try_emplace(String(name), rounds_.size());
  current_ = known->second;
  if (is_new) {
    rounds_.emplace_back().name = name;
    numbers_.emplace_back();
  }
  ++rounds_[current_].count;
}

void RoundsBuilder::add(CallNode node, const Change& change) {
  Rounds& rounds = rounds_[current_];
  const auto [known, is_new] = numbers_[current_].try_emplace(node, rounds.stacks.size());
  if (is_new) rounds.stacks.emplace_back().node = node;
  Vector<StackRounds::Entry>& entries = rounds.stacks[known->second].entries;
  const auto round = static_cast<std::uint32_t>(rounds.count - 1);
  if (entries.empty() || entries.back().round != round) entries.push_back({round, {}});
  entries.back().change.add(change);
}

}  // namespace pymemflow::report
