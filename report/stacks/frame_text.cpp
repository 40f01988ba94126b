#include "report/stacks/frame_text.h"

#include <string_view>

namespace pymemflow::report {

String frame_text(const SiteName& frame, const Names& names) {
  return site_text(frame, names, FunctionText::Short);
}

std::string_view name_of(StackEnd end) {
  constexpr std::string_view kNames[kStackEnds] = {"bottom", "cut", "unread", "no rule",
                                                   "site only"};
  return kNames[static_cast<std::size_t>(end)];
}

namespace {

void write_frame(JsonText& json, const SiteName& frame) {
  json.begin_object();
  if (frame.has_frame) {
    json.field("file", frame.file).field("line", std::int64_t{frame.line});
    json.field("function", frame.function);
  } else {
    const NativeName native = native_name(frame);
    json.field("library", native.library).field("function", native.function);
    if (!native.symbol.empty()) json.field("symbol", native.symbol);
    json.field("offset", native.offset);
    if (frame.source_line != 0) {
      json.field("file", frame.source_file).field("line", std::int64_t{frame.source_line});
    }
    if (frame.is_inlined) json.field("inlined", true);
  }
  json.end_object();
}

}  // namespace

StackEnd end_of(const CallTree& tree, CallNode stack) {
  StackEnd missing = StackEnd::Bottom;
  CallNode node = stack;
  for (; has_frame(node); node = tree.parent(node)) {
    if (missing == StackEnd::Bottom) missing = tree.frame(node).missing;
  }
  const auto end = static_cast<StackEnd>(node);
  return end == StackEnd::Bottom ? missing : end;
}

void write_stack(JsonText& json, const CallTree& tree, CallNode stack) {
  json.key("stack").begin_array();
  CallNode node = stack;
  for (; has_frame(node); node = tree.parent(node)) write_frame(json, tree.frame(node));
  json.end_array().field("stack_end", name_of(end_of(tree, stack)));
}

}  // namespace pymemflow::report
