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

// Growth that no line has may be that of lines which ran for the first time.
constexpr std::uint64_t kScattered = 1024;

// A buffer that grows by less is text of varying length: allocators do not tell less apart.
constexpr double kGranule = 16;

std::uint64_t rounded_up(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::ceil(value - 1e-6)) : 0;
}

// The changes of some memory in the rounds, and whether blocks of each are live at the end of the
// last one.
struct Series {
  std::vector<std::int64_t> bytes;
  std::vector<std::int64_t> blocks;
  std::vector<bool> kept;

  explicit Series(const report::Rounds& rounds)
      : bytes(rounds.count), blocks(rounds.count), kept(rounds.count, !rounds.knows_kept) {}
  void add(const StackRounds& stack) {
    for (const StackRounds::Entry& entry : stack.entries) {
      bytes[entry.round] += entry.change.bytes;
      blocks[entry.round] += entry.change.blocks;
    }
    for (const std::uint32_t round : stack.kept) kept[round] = true;
  }
  std::span<const std::int64_t> bytes_after(std::size_t first) const {
    return std::span(bytes).subspan(first);
  }
  std::span<const std::int64_t> blocks_after(std::size_t first) const {
    return std::span(blocks).subspan(first);
  }
  // A leak stays: blocks of two of three rounds that grew are still live, the last one aside.
  // The entries of a cache are replaced, and objects that pass from a free list of Python to
  // another line are freed by that one.
  bool stays() const {
    std::size_t grown = 0;
    std::size_t left = 0;
    for (std::size_t round = 0; round + 1 < bytes.size(); ++round) {
      if (bytes[round] <= 0 && blocks[round] <= 0) continue;
      ++grown;
      left += kept[round] ? 1 : 0;
    }
    return 3 * left >= 2 * grown;
  }
};

bool has_growth(const StackRounds& stack, std::size_t first) {
  return std::any_of(stack.entries.begin(), stack.entries.end(), [=](const auto& entry) {
    return entry.round >= first && (entry.change.bytes > 0 || entry.change.blocks > 0);
  });
}

// A buffer grows without new blocks, or with fewer than rounds: it is replaced by a larger one.
bool is_buffer(const Series& series, std::size_t first) {
  const auto is_growth = [](std::int64_t change) { return change > 0; };
  const auto blocks = series.blocks_after(first);
  const auto bytes = series.bytes_after(first);
  return 2 * std::count_if(blocks.begin(), blocks.end(), is_growth) <
         std::count_if(bytes.begin(), bytes.end(), is_growth);
}

// Whether the growth of a buffer is even: blocks that are replaced by others vary in size, and
// tables grow ever less often.
bool is_even(const report::SteadyGrowth& growth) {
  const bool is_sure = growth.confidence == report::Confidence::High;
  return is_sure ? 4 * growth.slope.low >= growth.slope.high
                 : 4 * growth.slope.low >= 3 * growth.slope.high;
}

// Few rounds must be alike: what is large in the first ones and small in the others levels off.
bool is_alike(const report::SteadyGrowth& growth) {
  return growth.confidence == report::Confidence::High || 4 * growth.slope.low >= growth.slope.high;
}

GrowingSite judged(const Series& series, std::size_t first) {
  GrowingSite site;
  const auto bytes = series.bytes_after(first);
  const auto blocks = series.blocks_after(first);
  site.bytes = report::steady_growth(bytes);
  site.blocks = report::steady_growth(blocks);
  for (report::SteadyGrowth* const each : {&site.bytes, &site.blocks}) {
    each->grows = each->grows && is_alike(*each);
  }
  if (is_buffer(series, first)) {
    site.bytes.grows =
        site.bytes.grows && is_even(site.bytes) && site.bytes.slope.per_round >= kGranule;
  } else if (!series.stays()) {
    site.stop();
  } else if (!site.grows() && report::still_fills(bytes) && report::still_fills(blocks)) {
    site.bytes.grows = true;
    site.bytes.confidence = report::Confidence::Low;
  }
  for (std::size_t round = 0; round < bytes.size(); ++round) {
    site.change.add({bytes[round], blocks[round]});
  }
  return site;
}

using Stacks = std::vector<const StackRounds*>;

// The small objects of each size, of the whole process: the changes of their number. Python keeps
// freed objects in free lists, from which another line may take them: a line whose blocks become
// more while the process has no more of their sizes has taken over those of other lines.
class ObjectSizes {
 public:
  explicit ObjectSizes(const report::Rounds& rounds) : rounds_(rounds) {
    for (const StackRounds& stack : rounds.stacks) {
      for (const StackRounds::Entry& entry : stack.entries) {
        if (entry.size == report::kNoObject) continue;
        std::vector<std::int64_t>& blocks = blocks_[entry.size];
        blocks.resize(rounds.count);
        blocks[entry.round] += entry.change.blocks;
      }
    }
  }

  // Whether the process has more of the blocks that have become more in these stacks.
  bool have_grown(const Stacks& stacks, std::size_t first) const {
    std::map<std::uint16_t, std::int64_t> own;  // by size
    Series process(rounds_);
    for (const StackRounds* const stack : stacks) {
      for (const StackRounds::Entry& entry : stack->entries) {
        if (entry.size != report::kNoObject) {
          own[entry.size] += entry.round >= first ? entry.change.blocks : 0;
          continue;
        }
        process.bytes[entry.round] += entry.change.bytes;
        process.blocks[entry.round] += entry.change.blocks;
      }
    }
    bool has_objects = false;
    for (const auto& [size, blocks] : own) {
      if (blocks <= 0) continue;
      has_objects = true;
      const std::vector<std::int64_t>& changes = blocks_.at(size);
      for (std::size_t round = 0; round < changes.size(); ++round) {
        process.bytes[round] += size * changes[round];
        process.blocks[round] += changes[round];
      }
    }
    const auto bytes = process.bytes_after(first);
    const auto blocks = process.blocks_after(first);
    return !has_objects || report::steady_growth(bytes).grows ||
           report::steady_growth(blocks).grows ||
           (report::still_fills(bytes) && report::still_fills(blocks));
  }

 private:
  const report::Rounds& rounds_;
  std::map<std::uint16_t, std::vector<std::int64_t>> blocks_;  // by size
};

// A line grows if one of its stacks does, or all together.
GrowingSite judged(const Stacks& stacks, std::size_t first, const report::Rounds& rounds,
                   const ObjectSizes& sizes) {
  Series all(rounds);
  Series growing(rounds);
  GrowingSite worst;
  std::size_t count = 0;
  for (const StackRounds* const stack : stacks) {
    all.add(*stack);
    if (!has_growth(*stack, first)) continue;
    Series own(rounds);
    own.add(*stack);
    GrowingSite site = judged(own, first);
    if (site.grows() && !sizes.have_grown({stack}, first)) site.stop();
    site.node = stack->node;
    const auto size = [](const GrowingSite& each) {
      return std::tuple(each.grows(), each.bytes.slope.per_round, each.change.bytes);
    };
    if (worst.node == report::kNoCallNode || size(site) > size(worst)) worst = site;
    if (!site.grows()) continue;
    ++count;
    growing.add(*stack);
  }
  GrowingSite line = judged(count != 0 ? growing : all, first);
  if (count == 0 && line.grows() && !sizes.have_grown(stacks, first)) line.stop();
  if (count == 1) line = worst;
  line.node = worst.node;
  line.stacks = std::max<std::size_t>(count, 1);
  line.bytes_of_node = worst.bytes_per_round();
  return line;
}

using Lines = std::map<std::uint32_t, Stacks>;  // by name

// All lines together, without those that are done with growing: a cache that is full, or a table.
Series unfinished(const Lines& lines, const report::Rounds& rounds) {
  Series whole(rounds);
  for (const auto& [name, stacks] : lines) {
    Series line(rounds);
    for (const StackRounds* const stack : stacks) line.add(*stack);
    const bool is_table =
        is_buffer(line, 0) && !is_even(report::steady_growth(line.bytes_after(0)));
    if (is_table || report::has_stopped(line.bytes)) continue;
    for (const StackRounds* const stack : stacks) whole.add(*stack);
  }
  return whole;
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
  Series whole(rounds);
  Lines lines;
  for (const StackRounds& stack : rounds.stacks) {
    const CallNode line = tree.line_of(stack.node);
    if (!selection.takes(tree, stack.node)) continue;
    whole.add(stack);
    lines[tree.name_of(line)].push_back(&stack);
  }
  growth.warm_up = warm_up ? std::min<std::uint64_t>(*warm_up, rounds.count)
                           : report::warm_up_rounds(whole.bytes);
  growth.total = report::steady_growth(unfinished(lines, rounds).bytes_after(growth.warm_up));
  growth.total.grows = growth.total.grows && is_even(growth.total);
  const ObjectSizes sizes(rounds);
  for (const auto& [name, stacks] : lines) {
    GrowingSite line = judged(stacks, growth.warm_up, rounds, sizes);
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
  std::uint64_t sum = 0;
  for (const GrowingSite& site : sites) sum += site.grows() ? site.bytes_per_round() : 0;
  const bool is_sure = total.grows && total.confidence == report::Confidence::High;
  const std::uint64_t whole = is_sure ? rounded_up(total.slope.low) : 0;
  return whole > std::max(sum, kScattered) ? whole : sum;
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
