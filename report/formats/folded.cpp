// The format folded: one line per stack, as flamegraph.pl, speedscope and the Firefox Profiler read
// them: the frames from the root on, separated by semicolons, then a blank and the weight.

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/formats/replay.h"
#include "report/rows/missing_callers.h"
#include "report/rows/rows.h"
#include "report/rows/stable_sort.h"
#include "report/stacks/call_tree.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {
namespace {

// A semicolon ends a frame, and the last blank of a line separates the weight.
String escaped(const String& frame) {
  String text;
  for (const char c : frame) {
    if (c == ';') {
      text += "\\x3b";
    } else {
      text += c;
    }
  }
  if (text.ends_with(' ')) text.replace(text.size() - 1, 1, "\\x20");
  return text;
}

// The stacks by the texts of their frames: two functions that are told apart elsewhere, such as the
// two constructors that a compiler makes of one, have one text.
class Folded {
 public:
  Folded(const Profile& profile, const FormatOptions& options)
      : tree_(profile.tree), options_(options), numbers_(tree_.names()), nodes_(tree_.end()) {
    // Parents have smaller numbers than their children.
    for (CallNode node = 0; node < tree_.end(); ++node) {
      nodes_[node] = has_frame(node) ? stacks_.add(nodes_[tree_.parent(node)], number(node)) : node;
    }
    ends_.resize(stacks_.end());
  }

  void add(CallNode stack, std::uint64_t weight) {
    End& end = ends_[nodes_[stack]];
    end.weight += weight;
    end.is_whole = is_native_alone(tree_, stack);
  }

  void write(Output& output) const {
    Vector<std::pair<std::uint64_t, CallNode>> lines;
    for (CallNode node = kStackEnds; node < ends_.size(); ++node) {
      if (ends_[node].weight != 0) lines.emplace_back(ends_[node].weight, node);
    }
    stable_sort(lines, [](const auto& a, const auto& b) { return a.first > b.first; });
    if (options_.limit != 0 && options_.limit < lines.size()) lines.resize(options_.limit);
    String text;
    for (const auto& [weight, stack] : lines) {
      append(text, stack, weight);
      output.write(text);
      text.clear();
      if (output.error() != 0) return;
    }
  }

 private:
  struct End {
    std::uint64_t weight = 0;
    bool is_whole = false;
  };

  void append(String& text, CallNode stack, std::uint64_t weight) const {
    Vector<CallNode> nodes;
    CallNode node = stack;
    for (; has_frame(node); node = stacks_.parent(node)) nodes.push_back(node);
    const std::string_view root =
        ends_[stack].is_whole ? std::string_view() : missing_callers(static_cast<StackEnd>(node));
    if (!options_.is_inverted) std::reverse(nodes.begin(), nodes.end());
    const std::size_t start = text.size();
    const auto add = [&](std::string_view frame) {
      if (text.size() != start) text += ';';
      text += frame;
    };
    if (!options_.is_inverted && !root.empty()) add(root);
    for (const CallNode each : nodes) add(stacks_.frame(each).function);
    if (options_.is_inverted && !root.empty()) add(root);
    fmt::format_to(std::back_inserter(text), " {}\n", weight);
  }

  // The number of the frame's text, which is the `function` of a name in stacks_.
  std::uint32_t number(CallNode node) {
    std::uint32_t& number = numbers_[tree_.name_of(node)];
    if (number != 0) return number - 1;
    const SiteName& frame = tree_.frame(node);
    SiteName name;
    name.function = escaped(site_text(frame, options_.names, FunctionText::Whole));
    const auto [found, is_new] = texts_.try_emplace(name.function, stacks_.names());
    if (is_new) stacks_.add_name(std::move(name));
    number = found->second + 1;
    return found->second;
  }

  const CallTree& tree_;
  const FormatOptions& options_;
  CallTree stacks_;
  HashMap<String, std::uint32_t, StringHash> texts_;
  Vector<std::uint32_t> numbers_;  // of texts, plus 1, by the number of the name
  Vector<CallNode> nodes_;         // in stacks_, by the node in tree_
  Vector<End> ends_;               // by the node in stacks_
};

}  // namespace

void write_folded(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  Folded folded(profile, options);
  for (const StackStats& stats : profile.stacks) {
    folded.add(stats.node, weight_of(stats, options.metric));
  }
  folded.write(replay.output());
}

}  // namespace pymemflow::report
