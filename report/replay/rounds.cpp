#include "report/replay/rounds.h"

namespace pymemflow::report {

void RoundsBuilder::begin(std::string_view name) {
  const auto [known, is_new] = names_.try_emplace(String(name), rounds_.size());
  current_ = known->second;
  if (is_new) {
    rounds_.emplace_back().name = name;
    numbers_.emplace_back();
  }
  ++rounds_[current_].count;
}

void RoundsBuilder::add(CallNode node, std::uint16_t size, const Change& change) {
  Rounds& rounds = rounds_[current_];
  const auto [known, is_new] = numbers_[current_].try_emplace(node, rounds.stacks.size());
  if (is_new) rounds.stacks.emplace_back().node = node;
  const auto round = static_cast<std::uint32_t>(rounds.count - 1);
  rounds.stacks[known->second].entries.push_back({round, size, change});
}

bool RoundsBuilder::select(std::string_view name) {
  const auto known = names_.find(name);
  if (known == names_.end()) return false;
  current_ = known->second;
  rounds_[current_].knows_kept = true;
  return true;
}

void RoundsBuilder::keep(CallNode node, const Vector<std::uint32_t>& numbers, std::size_t of_all) {
  const auto stack = numbers_[current_].find(node);
  if (stack == numbers_[current_].end()) return;
  const std::size_t before = of_all - rounds_[current_].count;
  for (const std::uint32_t number : numbers) {
    if (number < before) continue;
    const auto round = static_cast<std::uint32_t>(number - before);
    rounds_[current_].stacks[stack->second].kept.push_back(round);
  }
}

}  // namespace pymemflow::report
