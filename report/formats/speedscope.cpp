// The format speedscope: the call stacks of a profile with their memory, as
// https://www.speedscope.app and the package of that name read them (file-format-schema.json
// there).

#include <algorithm>
#include <string_view>
#include <utility>

#include "report/base/json_text.h"
#include "report/base/output.h"
#include "report/formats/replay.h"
#include "report/rows/missing_callers.h"
#include "report/rows/rows.h"
#include "report/rows/stable_sort.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {
namespace {

constexpr std::string_view kSchema = "https://www.speedscope.app/file-format-schema.json";
class Speedscope {
 public:
  Speedscope(const Profile& profile, const FormatOptions& options, Output& output)
      : profile_(profile), options_(options), output_(output) {
    for (const StackStats& stack : profile.stacks) {
      const std::uint64_t weight = weight_of(stack, options.metric);
      if (weight == 0) continue;
      samples_.emplace_back(weight, stack.node);
      total_ += weight;
    }
    stable_sort(samples_, [](const auto& a, const auto& b) { return a.first > b.first; });
    if (options.limit == 0 || options.limit >= samples_.size()) return;
    samples_.resize(options.limit);
    total_ = 0;
    for (const auto& [weight, stack] : samples_) total_ += weight;
  }

  void write(std::string_view name) {
    json_.begin_object()
        .field("$schema", kSchema)
        .field("exporter", "pymemflow")
        .field("name", name);
    json_.key("shared").begin_object().key("frames").begin_array();
    for (std::uint32_t number = 0; number < profile_.tree.names(); ++number) {
      write_frame(profile_.tree.name(number));
    }
    // The frames for missing callers, by the end of the stack.
    for (CallNode end = 0; end < kStackEnds; ++end) {
      const std::string_view missing = missing_callers(static_cast<StackEnd>(end));
      json_.begin_object().field("name", missing.empty() ? "[all callers]" : missing).end_object();
    }
    json_.end_array().end_object().key("profiles").begin_array().begin_object();
    write_samples();
    json_.end_object().end_array().field("activeProfileIndex", std::uint64_t{0}).end_object();
    text_ += '\n';
    output_.write(text_);
  }

 private:
  void write_frame(const SiteName& frame) {
    json_.begin_object();
    if (frame.has_frame) {
      json_.field("name", std::string_view(frame.function));
      json_.field("file", std::string_view(frame.file));
      if (frame.line > 0) json_.field("line", static_cast<std::uint64_t>(frame.line));
    } else {
      const String name = site_text(frame, options_.names, FunctionText::Whole);
      json_.field("name", std::string_view(name));
      if (!frame.module.empty()) json_.field("file", std::string_view(frame.module));
    }
    json_.end_object();
    flush();
  }

  void write_samples() {
    const bool is_bytes = options_.metric != Metric::Temporary;
    json_.field("type", "sampled").field("name", counted_words(options_.metric, options_.view));
    json_.field("unit", is_bytes ? "bytes" : "none").field("startValue", std::uint64_t{0});
    json_.field("endValue", total_).key("samples").begin_array();
    for (const auto& [weight, stack] : samples_) write_stack(stack);
    json_.end_array().key("weights").begin_array();
    for (const auto& [weight, stack] : samples_) {
      json_.value(weight);
      flush();
    }
    json_.end_array();
  }

  // The numbers of its frames, from the outermost one on.
  void write_stack(CallNode stack) {
    frames_.clear();
    CallNode node = stack;
    for (; has_frame(node); node = profile_.tree.parent(node)) {
      frames_.push_back(profile_.tree.name_of(node));
    }
    const auto end = static_cast<StackEnd>(node);
    const bool is_whole = missing_callers(end).empty() || is_native_alone(profile_.tree, stack);
    if (!is_whole) frames_.push_back(profile_.tree.names() + node);
    if (!options_.is_inverted) std::reverse(frames_.begin(), frames_.end());
    json_.begin_array();
    for (const std::uint32_t frame : frames_) json_.value(std::uint64_t{frame});
    json_.end_array();
    flush();
  }

  void flush() {
    if (text_.size() < kTextPiece) return;
    output_.write(text_);
    text_.clear();
  }

  const Profile& profile_;
  const FormatOptions& options_;
  Output& output_;
  String text_;
  JsonText json_{text_};
  Vector<std::pair<std::uint64_t, CallNode>> samples_;
  std::uint64_t total_ = 0;
  Vector<std::uint32_t> frames_;
};

}  // namespace

void write_speedscope(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  String name;
  for (const char c : profile.process.command_line) name += c == '\0' ? ' ' : c;
  if (name.ends_with(' ')) name.pop_back();
  Speedscope(profile, options, replay.output()).write(name);
}

}  // namespace pymemflow::report
