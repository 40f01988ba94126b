// The format folded: one line per stack, as flamegraph.pl, speedscope and the Firefox Profiler read
// them: the frames from the root on, separated by semicolons, then a blank and the weight.

#include <fmt/core.h>

#include <iterator>

#include "report/formats/replay.h"
#include "report/formats/rows.h"
#include "report/formats/stable_sort.h"
#include "report/stacks/callers.h"
#include "report/stacks/frame_text.h"

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

class Folded {
 public:
  Folded(const Profile& profile, const FormatOptions& options)
      : tree_(profile.tree), options_(options) {}

  void append(String& text, CallNode stack, std::uint64_t weight) {
    Vector<CallNode> nodes;
    CallNode node = stack;
    for (; has_frame(node); node = tree_.parent(node)) nodes.push_back(node);
    const bool is_whole = is_native_alone(tree_, stack);
    const std::string_view root =
        is_whole ? std::string_view() : root_of(static_cast<StackEnd>(node));
    text += root;
    if (!root.empty() && !nodes.empty()) text += ';';
    for (auto each = nodes.rbegin(); each != nodes.rend(); ++each) {
      if (each != nodes.rbegin()) text += ';';
      text += frame(*each);
    }
    fmt::format_to(std::back_inserter(text), " {}\n", weight);
  }

 private:
  // The frame for what is missing below.
  static std::string_view root_of(StackEnd end) {
    constexpr std::string_view kRoots[kStackEnds] = {"", "[cut]", "[unread]", "[no rule]",
                                                     "[callers not recorded]"};
    return kRoots[static_cast<std::size_t>(end)];
  }

  const String& frame(CallNode node) {
    String& text = frames_[tree_.name_of(node)];
    if (text.empty()) text = escaped(frame_text(tree_.frame(node), options_.names));
    return text;
  }

  const CallTree& tree_;
  const FormatOptions& options_;
  HashMap<std::uint32_t, String> frames_;  // by the number of the name
};

}  // namespace

void write_folded(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  Vector<std::pair<std::uint64_t, CallNode>> stacks;
  for (const StackStats& stats : profile.stacks) {
    const std::uint64_t weight = weight_of(stats, options.metric);
    if (weight != 0) stacks.emplace_back(weight, stats.node);
  }
  stable_sort(stacks, [](const auto& a, const auto& b) { return a.first > b.first; });
  Folded folded(profile, options);
  String text;
  for (const auto& [weight, stack] : stacks) {
    folded.append(text, stack, weight);
    replay.output().write(text);
    text.clear();
    if (replay.output().error() != 0) return;
  }
}

}  // namespace pymemflow::report
