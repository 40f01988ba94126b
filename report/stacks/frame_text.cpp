#include "report/stacks/frame_text.h"

#include <string_view>

namespace pymemflow::report {

NativeName native_name(const SiteName& frame) {
  const std::string_view caller = frame.caller;
  const std::size_t tick = caller.find('`');
  NativeName name;
  name.library = frame.module;
  std::string_view rest = caller;
  if (tick != std::string_view::npos) {
    if (name.library.empty()) name.library = caller.substr(0, tick);
    rest = caller.substr(tick + 1);
  }
  (rest.starts_with("0x") ? name.offset : name.function) = rest;
  return name;
}

String frame_text(const SiteName& frame, const Names& names) {
  if (frame.has_frame) return shown_site(frame, names.full_file_path);
  const NativeName native = native_name(frame);
  const String library = native.library.empty() ? String() : shown_file(names, native.library);
  String text = shown_function(names, native.function);
  if (native.function.empty()) {
    text = library;
    if (!text.empty()) text += '+';
    text += shown_function(names, native.offset);
  } else if (!library.empty()) {
    text += " (";
    text += library;
    text += ')';
  }
  return text;
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
    json.field("offset", native.offset);
  }
  json.end_object();
}

}  // namespace

void write_stack(JsonText& json, const CallTree& tree, CallNode stack) {
  json.key("stack").begin_array();
  CallNode node = stack;
  for (; has_frame(node); node = tree.parent(node)) write_frame(json, tree.frame(node));
  json.end_array().field("stack_end", name_of(static_cast<StackEnd>(node)));
}

}  // namespace pymemflow::report
