#include "report/stacks/callers.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "report/stacks/frame_text.h"
#include "report/symbols/engine_files.h"

namespace pymemflow::report {
namespace {

constexpr std::size_t kCallers = 5;
constexpr std::size_t kNativeEnd = 8;  // C functions that are shown of each end of a long list

std::string_view words_for(StackEnd end) {
  switch (end) {
    case StackEnd::Bottom:
      break;
    case StackEnd::Cut:
      return "further callers are not in the capture (--max-stack)";
    case StackEnd::Unread:
      return "further callers could not be read";
    case StackEnd::NoRule:
      return "the native caller was not found";
    case StackEnd::SiteOnly:
      return "its callers were not recorded";
  }
  return {};
}

bool has_folder(std::string_view path, std::string_view folder) {
  return path.find(folder) != std::string_view::npos;
}

bool is_gap(const SiteName& frame) {
  return frame.missing != StackEnd::Bottom;
}

// "/usr/lib/python3.11/json/tool.py"
bool is_in_standard_library(std::string_view path) {
  for (const std::string_view folder : {"/lib/python3.", "/lib64/python3.", "/lib/pypy3."}) {
    if (has_folder(path, folder)) return true;
  }
  return false;
}

Vector<const SiteName*> native_frames(const CallTree& tree, CallNode stack, CallNode line,
                                      bool all) {
  Vector<const SiteName*> frames;
  Vector<const SiteName*> shown;
  bool has_foreign = false;
  for (CallNode node = stack; node != line; node = tree.parent(node)) {
    const SiteName& frame = tree.frame(node);
    frames.push_back(&frame);
    const bool is_foreign = !frame.module.empty() && !is_engine(frame.module);
    has_foreign = has_foreign || is_foreign;
    if (is_foreign || is_gap(frame)) shown.push_back(&frame);
  }
  if (all) return frames;
  const auto innermost = std::find_if(frames.begin(), frames.end(),
                                      [](const SiteName* frame) { return !frame->is_inlined; });
  if (!has_foreign && innermost != frames.end() && !is_gap(**innermost)) {
    shown.insert(shown.begin(), *innermost);
  }
  return shown;
}

}  // namespace

bool is_own_code(const SiteName& frame) {
  const std::string_view file = frame.file;
  return frame.has_frame && !file.starts_with("<frozen ") && !has_folder(file, "/site-packages/") &&
         !has_folder(file, "/dist-packages/") && !is_in_standard_library(file);
}

bool is_native_alone(const CallTree& tree, CallNode stack) {
  return has_frame(stack) && !tree.frame(stack).has_frame && tree.parent(stack) == kNoCallNode;
}

Callers callers_of(const CallTree& tree, CallNode stack, const CallersWanted& wanted) {
  Callers callers;
  Vector<const SiteName*> all;
  const CallNode line = tree.line_of(stack);
  callers.native = native_frames(tree, stack, line, wanted.all);
  CallNode node = has_frame(line) ? tree.parent(line) : line;
  for (; has_frame(node); node = tree.parent(node)) all.push_back(&tree.frame(node));
  callers.end = static_cast<StackEnd>(node);
  // Native code that no Python code called has no callers of Python.
  if (is_native_alone(tree, stack)) callers.end = StackEnd::Bottom;
  const bool is_default = !wanted.all && wanted.depth == 0;
  const std::size_t most = wanted.all     ? std::numeric_limits<std::size_t>::max()
                           : wanted.depth ? static_cast<std::size_t>(wanted.depth)
                                          : kCallers;
  const auto own = static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const SiteName* frame) { return is_own_code(*frame); }));
  // Frames of others fill the places that the user's own leave.
  std::size_t own_left = is_default ? std::min(own, most) : 0;
  std::size_t others_left = most - own_left;
  for (const SiteName* const frame : all) {
    std::size_t& left = is_default && is_own_code(*frame) ? own_left : others_left;
    if (left == 0) continue;
    --left;
    callers.frames.push_back(frame);
  }
  callers.left_out = all.size() - callers.frames.size();
  return callers;
}

Vector<String> native_lines(const Callers& callers, const CallersWanted& wanted,
                            const Names& names) {
  const Vector<const SiteName*>& frames = callers.native;
  const std::size_t shown = wanted.all ? frames.size() : std::min(frames.size(), 2 * kNativeEnd);
  Vector<String> lines;
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t left_out = i < kNativeEnd ? 0 : frames.size() - shown;
    if (i == kNativeEnd && left_out != 0) {
      fmt::format_to(std::back_inserter(lines.emplace_back()), "{} more C {}", left_out,
                     left_out == 1 ? "function" : "functions");
    }
    const SiteName& frame = *frames[i + left_out];
    lines.push_back((is_gap(frame) ? "" : "in ") + frame_text(frame, names));
  }
  return lines;
}

String note_on(const Callers& callers, std::string_view option) {
  String text;
  if (callers.left_out != 0) {
    const char* const noun = callers.left_out == 1 ? "caller" : "callers";
    fmt::format_to(std::back_inserter(text), "{} more {}", callers.left_out, noun);
    if (!option.empty()) fmt::format_to(std::back_inserter(text), " ({})", option);
  }
  const std::string_view end = words_for(callers.end);
  if (!text.empty() && !end.empty()) text += "; ";
  text += end;
  return text;
}

}  // namespace pymemflow::report
