#include "report/page/page_tree.h"

#include <algorithm>

#include "report/rows/missing_callers.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

bool is_live_in(const BlockLives& lives, std::uint16_t slice) {
  const bool is_born = lives.born == kBornBefore || lives.born <= slice;
  return is_born && lives.died > slice;
}

}  // namespace

PageTreeBuilder::PageTreeBuilder(const Profile& profile)
    : tree_(profile.tree), blocks_(profile.history.blocks) {
  while (static_cast<std::size_t>(peak_slice_) + 1 < blocks_.slices.size() &&
         blocks_.slices[peak_slice_ + 1U].calls < profile.peak.event) {
    ++peak_slice_;
  }
  take_shares();
}

void PageTreeBuilder::take_shares() {
  shares_.resize(tree_.end());
  using Measure = std::uint64_t (*)(const BlockLives&, std::uint16_t peak);
  constexpr Measure kMeasures[] = {
      [](const BlockLives& lives, std::uint16_t) { return lives.bytes; },
      [](const BlockLives& lives, std::uint16_t) { return lives.blocks; },
      [](const BlockLives& lives, std::uint16_t) {
        return lives.died >= kExempt ? lives.bytes : 0;
      },
      [](const BlockLives& lives, std::uint16_t peak) {
        return is_live_in(lives, peak) ? lives.bytes : 0;
      }};
  for (const Measure measure : kMeasures) {
    Vector<std::uint64_t> sums(tree_.end());
    std::uint64_t total = 0;
    for (const BlockLives& each : blocks_.lives) {
      const std::uint64_t amount = measure(each, peak_slice_);
      sums[each.origin] += amount;
      total += amount;
    }
    if (total == 0) continue;
    for (CallNode node = tree_.end(); node-- > kStackEnds;) {
      sums[tree_.parent(node)] += sums[node];
      const auto share =
          static_cast<float>(static_cast<double>(sums[node]) / static_cast<double>(total));
      shares_[node] = std::max(shares_[node], share);
    }
  }
}

// The node of the page below which the outermost frame of a stack is.
std::uint32_t PageTreeBuilder::root_of(PageTree& tree, Vector<std::uint32_t>& roots,
                                       CallNode node) const {
  const CallNode end = tree_.parent(node);
  if (missing_callers(static_cast<StackEnd>(end)).empty() || is_native_alone(tree_, node)) return 0;
  if (roots[end] == kNone) {
    roots[end] = static_cast<std::uint32_t>(tree.nodes.size());
    tree.nodes.push_back({0, PageTree::kFirstEnd + end});
  }
  return roots[end];
}

PageTree PageTreeBuilder::fold(double share) const {
  PageTree tree;
  tree.share = share;
  tree.nodes.emplace_back();
  Vector<std::uint32_t> numbers(tree_.end(), kNone);  // in the page
  Vector<std::uint32_t> roots(kStackEnds, kNone);
  for (CallNode node = kStackEnds; node < tree_.end(); ++node) {
    if (shares_[node] <= 0 || static_cast<double>(shares_[node]) < share) continue;
    const CallNode below = tree_.parent(node);
    const std::uint32_t parent = has_frame(below) ? numbers[below] : root_of(tree, roots, node);
    numbers[node] = static_cast<std::uint32_t>(tree.nodes.size());
    tree.nodes.push_back({parent, PageTree::kFirstFrame + tree_.name_of(node)});
  }
  HashMap<std::uint32_t, std::uint32_t> rests;  // by the node that they belong to
  CallNode latest = kNone;
  std::uint32_t number = 0;
  for (const BlockLives& each : blocks_.lives) {
    if (each.origin != latest) {
      latest = each.origin;
      CallNode node = each.origin;
      CallNode outermost = node;
      for (; has_frame(node) && numbers[node] == kNone; node = tree_.parent(node)) outermost = node;
      if (node == each.origin && has_frame(node)) {
        number = numbers[node];
        ++tree.stacks;
      } else {
        const std::uint32_t of = has_frame(node)        ? numbers[node]
                                 : has_frame(outermost) ? root_of(tree, roots, outermost)
                                                        : 0;
        const auto next = static_cast<std::uint32_t>(tree.nodes.size());
        const auto [rest, is_new] = rests.try_emplace(of, next);
        if (is_new) tree.nodes.push_back({of, PageTree::kRest});
        number = rest->second;
        ++tree.nodes[number].rest_stacks;
        ++tree.folded;
      }
    }
    tree.lives.push_back(each);
    tree.lives.back().origin = number;
  }
  join(tree.lives);
  return tree;
}

}  // namespace pymemflow::report
