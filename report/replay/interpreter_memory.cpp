#include "report/replay/interpreter_memory.h"

#include <algorithm>

namespace pymemflow::report {
namespace {

// Empty: the stack has no C functions, or not all of them are known.
String c_functions_of(const CallTree& tree, CallNode stack) {
  String functions;
  for (CallNode node = stack; has_frame(node); node = tree.parent(node)) {
    const SiteName& frame = tree.frame(node);
    if (frame.has_frame) break;
    if (frame.missing != StackEnd::Bottom) return {};
    // Not all profiles have inlined functions: their lines may not have been looked up.
    if (frame.is_inlined) continue;
    functions += frame.caller;
    functions += '\n';
  }
  return functions;
}

// The part of `amount` that `allowed` covers. Bytes without a block cannot be told, so that what is
// left of them keeps one.
Amount covered(const Amount& amount, const Amount& allowed) {
  Amount part = {std::min(amount.bytes, allowed.bytes), std::min(amount.blocks, allowed.blocks)};
  if (part.bytes < amount.bytes) part.blocks = std::min(part.blocks, amount.blocks - 1);
  return part;
}

}  // namespace

void InterpreterMemory::measure(const Profile& profile) {
  Amounts amounts;
  for (const StackStats& stack : profile.stacks) {
    const Amount kept = stack.leaked();
    if (kept.blocks == 0) continue;
    String functions = c_functions_of(profile.tree, stack.node);
    if (!functions.empty()) amounts[std::move(functions)].add(kept);
  }
  for (const auto& [functions, amount] : amounts) {
    Amount& known = amounts_[functions];
    known.bytes = std::max(known.bytes, amount.bytes);
    known.blocks = std::max(known.blocks, amount.blocks);
  }
}

void InterpreterMemory::set_aside(Profile& profile) const {
  Amounts left = amounts_;
  for (StackStats& stack : profile.stacks) {
    const Amount leaked = stack.leaked();
    if (leaked.blocks == 0) continue;
    const auto found = left.find(c_functions_of(profile.tree, stack.node));
    if (found == left.end()) continue;
    const Amount part = covered(leaked, found->second);
    stack.exempt[static_cast<std::size_t>(Exemption::Measured)].add(part);
    found->second.subtract(part);
  }
  profile.sites = rows_by_line(profile.tree, profile.stacks);
}

}  // namespace pymemflow::report
