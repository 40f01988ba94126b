#include "cli/gate/growth.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <tuple>
#include <utility>

namespace pymemflow::cli {
namespace {

using report::CallNode;
using report::Change;
using report::StackRounds;
using report::SteadyGrowth;

// The sites that are listed where none grows in each round.
constexpr std::size_t kLargest = 3;

std::uint64_t rounded_up(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::ceil(value - 1e-6)) : 0;
}

// The changes of the rounds from one on.
struct Series {
  std::vector<std::int64_t> bytes;
  std::vector<std::int64_t> blocks;

  explicit Series(std::size_t rounds) : bytes(rounds), blocks(rounds) {}
  Series after(std::size_t first) const {
    Series rest(0);
    rest.bytes.assign(bytes.begin() + static_cast<std::ptrdiff_t>(first), bytes.end());
    rest.blocks.assign(blocks.begin() + static_cast<std::ptrdiff_t>(first), blocks.end());
    return rest;
  }
  void add(const StackRounds& stack, std::size_t first) {
    for (const StackRounds::Entry& entry : stack.entries) {
      if (entry.round < first) continue;
      bytes[entry.round - first] += entry.change.bytes;
      blocks[entry.round - first] += entry.change.blocks;
    }
  }
};

bool has_growth(const StackRounds& stack, std::size_t first) {
  return std::any_of(stack.entries.begin(), stack.entries.end(), [=](const auto& entry) {
    return entry.round >= first && (entry.change.bytes > 0 || entry.change.blocks > 0);
  });
}

GrowingSite judged(const Series& series) {
  GrowingSite site;
  site.bytes = report::steady_growth(series.bytes);
  site.blocks = report::steady_growth(series.blocks);
  // Growth without new blocks is that of a buffer, which is even; blocks that are replaced by
  // others vary in size.
  const report::Slope& slope = site.bytes.slope;
  const bool has_new_blocks =
      std::any_of(series.blocks.begin(), series.blocks.end(), [](auto each) { return each > 0; });
  if (!has_new_blocks && 4 * slope.low < slope.high) site.bytes.grows = false;
  // A table that doubles replaces its block.
  const bool is_filling = report::still_fills(series.bytes) && report::still_fills(series.blocks);
  if (!site.grows() && is_filling) {
    site.bytes.grows = true;
    site.bytes.confidence = report::Confidence::Low;
  }
  for (std::size_t round = 0; round < series.bytes.size(); ++round) {
    site.change.add({series.bytes[round], series.blocks[round]});
  }
  return site;
}

using Stacks = std::vector<const StackRounds*>;

// A line grows if one of its stacks does, or all together.
GrowingSite judged(const Stacks& stacks, std::size_t first, std::size_t rounds) {
  Series all(rounds);
  Series growing(rounds);
  GrowingSite worst;
  std::size_t count = 0;
  for (const StackRounds* const stack : stacks) {
    all.add(*stack, first);
    if (!has_growth(*stack, first)) continue;
    Series own(rounds);
    own.add(*stack, first);
    GrowingSite site = judged(own);
    site.node = stack->node;
    const auto size = [](const GrowingSite& each) {
      return std::tuple(each.grows(), each.bytes.slope.per_round, each.change.bytes);
    };
    if (worst.node == report::kNoCallNode || size(site) > size(worst)) worst = site;
    if (!site.grows()) continue;
    ++count;
    growing.add(*stack, first);
  }
  GrowingSite line = judged(count != 0 ? growing : all);
  if (count == 1) line = worst;
  line.node = worst.node;
  line.stacks = std::max<std::size_t>(count, 1);
  line.bytes_of_node = worst.bytes_per_round();
  return line;
}

// Those that grow, by bytes; before the others, by their change.
bool grows_more(const GrowingSite& a, const GrowingSite& b) {
  const auto size = [](const GrowingSite& site) {
    return std::tuple(site.grows(), site.grows() ? site.bytes_per_round() : 0, site.change.bytes,
                      site.change.blocks);
  };
  return size(a) > size(b);
}

Growth growth_of(const report::Rounds& rounds, const report::CallTree& tree, Selection& selection,
                 std::optional<std::uint64_t> warm_up) {
  Growth growth;
  growth.name = rounds.name;
  growth.rounds = rounds.count;
  Series whole(rounds.count);
  std::map<std::uint32_t, Stacks> lines;  // by name
  for (const StackRounds& stack : rounds.stacks) {
    const CallNode line = tree.line_of(stack.node);
    if (!selection.takes(tree, stack.node)) continue;
    whole.add(stack, 0);
    lines[tree.name_of(line)].push_back(&stack);
  }
  growth.warm_up = warm_up ? std::min<std::uint64_t>(*warm_up, rounds.count)
                           : report::warm_up_rounds(whole.bytes);
  growth.total = judged(whole.after(growth.warm_up)).bytes;
  for (const auto& [name, stacks] : lines) {
    GrowingSite line = judged(stacks, growth.warm_up, growth.steady());
    if (line.node == report::kNoCallNode || (line.change.bytes <= 0 && !line.grows())) continue;
    line.site = tree.frame(tree.line_of(line.node));
    growth.sites.push_back(std::move(line));
  }
  std::stable_sort(growth.sites.begin(), growth.sites.end(), grows_more);
  const auto others = std::find_if(growth.sites.begin(), growth.sites.end(),
                                   [](const GrowingSite& site) { return !site.grows(); });
  const bool has_growing = others != growth.sites.begin();
  const auto left = static_cast<std::size_t>(growth.sites.end() - others);
  growth.sites.erase(
      others + static_cast<std::ptrdiff_t>(has_growing ? 0 : std::min(left, kLargest)),
      growth.sites.end());
  return growth;
}

}  // namespace

std::uint64_t GrowingSite::bytes_per_round() const {
  const std::uint64_t rounded = rounded_up(bytes.slope.per_round);
  return grows() ? std::max<std::uint64_t>(rounded, 1) : rounded;
}

std::uint64_t GrowingSite::blocks_per_round() const {
  return rounded_up(blocks.slope.per_round);
}

std::uint64_t Growth::bytes_per_round() const {
  const std::uint64_t whole = total.grows ? rounded_up(total.slope.per_round) : 0;
  std::uint64_t sum = 0;
  for (const GrowingSite& site : sites) sum += site.grows() ? site.bytes_per_round() : 0;
  return std::max(whole, sum);
}

Growth growth_of(const report::Profile& profile, Selection& selection,
                 std::optional<std::uint64_t> warm_up) {
  Growth worst;
  for (const report::Rounds& rounds : profile.rounds) {
    Growth growth = growth_of(rounds, profile.tree, selection, warm_up);
    const auto size = [](const Growth& each) {
      return std::tuple(each.is_judged(), each.bytes_per_round(), each.rounds);
    };
    if (worst.rounds == 0 || size(growth) > size(worst)) worst = std::move(growth);
  }
  return worst;
}

}  // namespace pymemflow::cli
