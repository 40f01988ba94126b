// The format tree: the calls from the outermost frame inwards, each with the memory of all that it
// called, largest first.

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "report/formats/replay.h"
#include "report/rows/rows.h"
#include "report/stacks/frame_text.h"

namespace pymemflow::report {
namespace {

// Calls with less than one in kSmall of all memory are summed up in one line.
constexpr std::uint64_t kSmall = 100;
// Deeper calls are not indented any further.
constexpr std::uint32_t kMaxIndent = 60;

class TreeText {
 public:
  TreeText(const Profile& profile, const FormatOptions& options)
      : tree_(profile.tree),
        options_(options),
        weights_(profile.tree.end(), 0),
        children_(profile.tree.end()) {
    for (const StackStats& stats : profile.stacks) {
      weights_[stats.node] += weight_of(stats, options.metric);
    }
    // Parents have smaller numbers than their children.
    for (CallNode node = tree_.end(); node-- > kStackEnds;) {
      weights_[tree_.parent(node)] += weights_[node];
      children_[tree_.parent(node)].push_back(node);
    }
    for (CallNode end = 0; end < kStackEnds; ++end) total_ += weights_[end];
  }

  void write(Output& output) {
    String text;
    fmt::format_to(std::back_inserter(text), "{:>14} {:>7}  {}, by caller and called function\n",
                   total_, "100.0%", name_of(options_.metric));
    Vector<Item> items;
    add_roots(items);
    if (items.empty()) text += "               nothing: no call has any\n";
    output.write(text);
    text.clear();
    while (!items.empty() && output.error() == 0) {
      const Item item = items.back();
      items.pop_back();
      append(text, item);
      output.write(text);
      text.clear();
      if (item.count == 0) add_calls(items, item);
    }
  }

 private:
  struct Item {
    CallNode node;  // an end: a sum of small calls, or what is missing below the calls
    std::uint64_t weight;
    std::uint32_t indent;
    bool is_in_chain;     // the only call of the line above
    std::uint64_t depth;  // frames above it
    std::size_t count;    // of the calls in a sum; 0: no sum
  };

  static bool is_cut(CallNode end) {
    return end == end_of_stack(StackEnd::Cut) || end == end_of_stack(StackEnd::Unread) ||
           end == end_of_stack(StackEnd::NoRule);
  }

  bool is_small(std::uint64_t weight) const { return weight < total_ / kSmall; }

  void add_roots(Vector<Item>& items) {
    Vector<CallNode> roots;
    for (CallNode end = 0; end < kStackEnds; ++end) {
      if (is_cut(end)) {
        roots.push_back(end);
      } else {
        roots.insert(roots.end(), children_[end].begin(), children_[end].end());
      }
    }
    add(items, roots,
        {.node = 0, .weight = 0, .indent = 0, .is_in_chain = false, .depth = 0, .count = 0});
  }

  void add_calls(Vector<Item>& items, const Item& item) {
    if (options_.depth != 0 && item.depth + 1 >= options_.depth) return;
    const Vector<CallNode>& calls = children_[item.node];
    Item place = item;
    ++place.depth;
    place.is_in_chain = calls.size() == 1 && weights_[calls[0]] == item.weight;
    if (!place.is_in_chain) place.indent = std::min(item.indent + 1, kMaxIndent);
    add(items, calls, place);
  }

  // Adds the nodes, at this place. The last item is the next one that is printed.
  void add(Vector<Item>& items, const Vector<CallNode>& nodes, const Item& place) {
    Vector<CallNode> large;
    Item rest = place;
    rest.node = end_of_stack(StackEnd::Bottom);
    rest.weight = rest.count = 0;
    for (const CallNode node : nodes) {
      if (weights_[node] == 0) continue;
      if (is_small(weights_[node])) {
        rest.weight += weights_[node];
        ++rest.count;
      } else {
        large.push_back(node);
      }
    }
    if (rest.count != 0) items.push_back(rest);
    std::sort(large.begin(), large.end(), [this](CallNode a, CallNode b) {
      return weights_[a] != weights_[b] ? weights_[a] < weights_[b] : a > b;
    });
    for (const CallNode node : large) {
      items.push_back(place);
      items.back().node = node;
      items.back().weight = weights_[node];
    }
  }

  void append(String& text, const Item& item) const {
    const double percent =
        100.0 * static_cast<double>(item.weight) / static_cast<double>(total_ == 0 ? 1 : total_);
    fmt::format_to(std::back_inserter(text), "{:>14} {:>6.1f}%  {:{}}{} ", item.weight, percent, "",
                   2 * item.indent, item.is_in_chain ? ' ' : '-');
    if (has_frame(item.node)) {
      text += frame_text(tree_.frame(item.node), options_.names);
    } else if (item.count == 0) {
      fmt::format_to(std::back_inserter(text), "[{}]", name_of(static_cast<StackEnd>(item.node)));
    } else {
      fmt::format_to(std::back_inserter(text), "{} more with less than 1 %{}", item.count,
                     item.count == 1 ? "" : " each");
    }
    text += '\n';
  }

  const CallTree& tree_;
  const FormatOptions& options_;
  Vector<std::uint64_t> weights_;
  Vector<Vector<CallNode>> children_;
  std::uint64_t total_ = 0;
};

}  // namespace

void write_tree(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  TreeText(profile, options).write(replay.output());
}

}  // namespace pymemflow::report
