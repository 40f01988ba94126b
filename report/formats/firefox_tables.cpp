#include "report/formats/firefox_tables.h"

#include "report/rows/missing_callers.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {

std::uint32_t FirefoxTables::stack_of(CallNode stack) {
  if (stack_numbers_.size() < tree_.end()) stack_numbers_.resize(tree_.end(), 0);
  Vector<CallNode> missing;
  CallNode node = stack;
  for (; has_frame(node) && stack_numbers_[node] == 0; node = tree_.parent(node)) {
    missing.push_back(node);
  }
  std::uint32_t number = has_frame(node)                 ? stack_numbers_[node] - 1
                         : is_native_alone(tree_, stack) ? kNone
                                                         : root_of(node);
  while (!missing.empty()) {
    number = add_stack(frame_of(tree_.name_of(missing.back())), number);
    stack_numbers_[missing.back()] = number + 1;
    missing.pop_back();
  }
  return number;
}

// The stack of the frame for missing callers.
std::uint32_t FirefoxTables::root_of(CallNode end) {
  const std::string_view missing = missing_callers(static_cast<StackEnd>(end));
  if (missing.empty()) return kNone;
  std::uint32_t& number = stack_numbers_[end];
  if (number == 0) {
    frames_.push_back({function_of({text_of(missing), kNone, kNone}), 0, false});
    number = add_stack(static_cast<std::uint32_t>(frames_.size() - 1), kNone) + 1;
  }
  return number - 1;
}

std::uint32_t FirefoxTables::add_stack(std::uint32_t frame, std::uint32_t prefix) {
  stacks_.push_back({frame, prefix});
  return static_cast<std::uint32_t>(stacks_.size() - 1);
}

std::uint32_t FirefoxTables::frame_of(std::uint32_t name) {
  if (name >= frame_numbers_.size()) frame_numbers_.resize(tree_.names(), 0);
  std::uint32_t& number = frame_numbers_[name];
  if (number != 0) return number - 1;
  const SiteName& frame = tree_.name(name);
  if (frame.has_frame) {
    const std::uint32_t file = text_of(frame.file);
    frames_.push_back({function_of({text_of(frame.function), file, kNone}), frame.line, true});
  } else {
    const NativeName native = native_name(frame);
    String function = shown_function(names_, native.function);
    if (function.empty()) function = site_text(frame, names_, FunctionText::Whole);
    const std::uint32_t file = frame.source_file.empty() ? kNone : text_of(frame.source_file);
    frames_.push_back({function_of({text_of(function), file, library_of(native.library)}),
                       frame.source_line, false});
  }
  number = static_cast<std::uint32_t>(frames_.size());
  return number - 1;
}

std::uint32_t FirefoxTables::function_of(const Function& function) {
  const auto next = static_cast<std::uint32_t>(functions_.size());
  const auto [found, is_new] = function_numbers_.try_emplace(function, next);
  if (is_new) functions_.push_back(function);
  return found->second;
}

std::uint32_t FirefoxTables::text_of(std::string_view text) {
  const auto next = static_cast<std::uint32_t>(texts_.size());
  const auto [found, is_new] = text_numbers_.try_emplace(String(text), next);
  if (is_new) texts_.emplace_back(text);
  return found->second;
}

std::uint32_t FirefoxTables::library_of(std::string_view path) {
  if (path.empty()) return kNone;
  const auto next = static_cast<std::uint32_t>(libraries_.size());
  const auto [found, is_new] = library_numbers_.try_emplace(String(path), next);
  if (is_new) libraries_.push_back(text_of(path.substr(path.rfind('/') + 1)));
  return found->second;
}

}  // namespace pymemflow::report
