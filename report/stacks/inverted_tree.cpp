#include "report/stacks/inverted_tree.h"

#include <utility>

#include "report/stacks/frame_text.h"

namespace pymemflow::report {
namespace {

class Inverter {
 public:
  explicit Inverter(const CallTree& tree) : tree_(tree), numbers_(tree.names()) {}

  CallNode add(CallNode stack) {
    CallNode node = stack;
    CallNode turned = end_of_stack(StackEnd::Bottom);
    for (; has_frame(node); node = tree_.parent(node)) {
      turned = result_.add(turned, number_of(tree_.name_of(node)));
    }
    const auto end = static_cast<StackEnd>(node);
    const bool is_cut = end != StackEnd::Bottom && end != StackEnd::SiteOnly;
    return is_cut ? result_.add(turned, number_of(end)) : turned;
  }
  CallTree take() { return std::move(result_); }

 private:
  std::uint32_t number_of(std::uint32_t name) {
    if (numbers_[name] == 0) numbers_[name] = result_.add_name(tree_.name(name)) + 1;
    return numbers_[name] - 1;
  }
  std::uint32_t number_of(StackEnd end) {
    std::uint32_t& number = ends_[static_cast<std::size_t>(end)];
    if (number == 0) {
      SiteName name;
      name.caller = "[";
      name.caller += name_of(end);
      name.caller += ']';
      number = result_.add_name(std::move(name)) + 1;
    }
    return number - 1;
  }

  const CallTree& tree_;
  CallTree result_;
  Vector<std::uint32_t> numbers_;  // in the result, plus 1, by the number of the name
  std::uint32_t ends_[kStackEnds] = {};
};

}  // namespace

InvertedTree inverted(const CallTree& tree, const Vector<CallNode>& stacks) {
  Inverter inverter(tree);
  InvertedTree result;
  result.nodes.reserve(stacks.size());
  for (const CallNode stack : stacks) result.nodes.push_back(inverter.add(stack));
  result.tree = inverter.take();
  return result;
}

}  // namespace pymemflow::report
