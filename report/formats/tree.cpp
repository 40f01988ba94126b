// The format tree: the calls from the outermost frame inwards, each with the memory of all that it
// called, largest first.

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "report/formats/replay.h"
#include "report/rows/rows.h"
#include "report/stacks/frame_text.h"
#include "report/stacks/inverted_tree.h"

namespace pymemflow::report {
namespace {

// Calls with less than one in kSmall of all memory are summed up in one line.
constexpr std::uint64_t kSmall = 100;
// Deeper calls are not indented any further.
constexpr std::uint32_t kMaxIndent = 60;

class TreeText {
 public:
  // `nodes`: in the tree, of the stacks of the profile.
  TreeText(const CallTree& tree, const Vector<CallNode>& nodes, const Profile& profile,
           const FormatOptions& options)
      : tree_(tree), options_(options), weights_(tree.end(), 0), children_(tree.end()) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      weights_[nodes[i]] += weight_of(profile.stacks[i], options.metric);
    }
    // Parents have smaller numbers than their children.
    for (CallNode node = tree_.end(); node-- > kStackEnds;) {
      weights_[tree_.parent(node)] += weights_[node];
      children_[tree_.parent(node)].push_back(node);
    }
    for (CallNode end = 0; end < kStackEnds; ++end) total_ += weights_[end];
  }

  void write(Output& output) {
    const String counted = counted_words(options_.metric, options_.view);
    String text;
    fmt::format_to(std::back_inserter(text), "{:>14} {:>7}  {}, by {}\n", total_, "100.0%",
                   std::string_view(counted),
                   options_.is_inverted ? "function and caller" : "caller and called function");
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
    bool has_large;       // there are calls in the sum that are not small
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
        {.node = 0,
         .weight = 0,
         .indent = 0,
         .is_in_chain = false,
         .depth = 0,
         .count = 0,
         .has_large = false});
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
    rest.has_large = false;
    for (const CallNode node : nodes) {
      if (weights_[node] == 0) continue;
      if (is_small(weights_[node])) {
        rest.weight += weights_[node];
        ++rest.count;
      } else {
        large.push_back(node);
      }
    }
    std::sort(large.begin(), large.end(), [this](CallNode a, CallNode b) {
      return weights_[a] != weights_[b] ? weights_[a] < weights_[b] : a > b;
    });
    const std::size_t most = options_.limit == 0 ? large.size() : options_.limit;
    const std::size_t left_out = large.size() > most ? large.size() - most : 0;
    for (std::size_t i = 0; i < left_out; ++i) rest.weight += weights_[large[i]];
    rest.count += left_out;
    rest.has_large = left_out != 0;
    if (rest.count != 0) items.push_back(rest);
    for (const CallNode node : std::span(large).subspan(left_out)) {
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
    } else if (item.has_large) {
      fmt::format_to(std::back_inserter(text), "{} more", item.count);
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
  Vector<CallNode> nodes;
  for (const StackStats& stats : profile.stacks) nodes.push_back(stats.node);
  if (options.is_inverted) {
    const InvertedTree turned = inverted(profile.tree, nodes);
    TreeText(turned.tree, turned.nodes, profile, options).write(replay.output());
  } else {
    TreeText(profile.tree, nodes, profile, options).write(replay.output());
  }
}

}  // namespace pymemflow::report
