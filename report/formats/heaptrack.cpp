// The format heaptrack: each block with its stack, as heaptrack_print and heaptrack_gui read it
// (the text that heaptrack_interpret writes, version 3 of the file format). A line has a letter for
// its kind and numbers in base 16; strings, frames, stacks and pairs of a size and a stack are
// numbered by their lines.

#include <fmt/core.h>

#include <iterator>
#include <string_view>

#include "report/base/output.h"
#include "report/blocks/block_events.h"
#include "report/formats/replay.h"
#include "report/rows/missing_callers.h"
#include "report/stacks/callers.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {
namespace {

constexpr std::string_view kVersions = "v 10400 3\n";  // of heaptrack 1.4.0, and of the format
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kNsPerMs = 1000000;

class Heaptrack final : public BlockSink {
 public:
  Heaptrack(Replay& replay, const FormatOptions& options)
      : output_(replay.output()),
        options_(options),
        process_(replay.process_info()),
        blocks_(replay.names(), replay.symbols(), process_.has_stacks, *this) {}

  void write(Replay& replay) {
    text_ = kVersions;
    text_ += "X ";
    for (const char c : process_.command_line) text_ += c == '\0' || c == '\n' ? ' ' : c;
    if (text_.ends_with(' ')) text_.pop_back();
    add("\nI {:x} 0\n", kPageBytes);
    replay.feed(blocks_);
    output_.write(text_);
  }

  std::uint64_t on_allocated(const Event& call, OriginId origin) override {
    reach(call);
    const std::uint64_t pair = pair_of(call.size_bytes(), stack_of(origin));
    add("+ {:x}\n", pair);
    flush();
    return pair;
  }

  void on_released(const Event& call, const EndedBlock& block) override {
    reach(call);
    add("- {:x}\n", block.note);
    flush();
  }

  void on_memory(const Event& reading) override {
    reach(reading);
    add("R {:x}\n", reading.arguments[0] / kPageBytes);
  }

 private:
  struct Pair {
    std::uint64_t bytes;
    std::uint32_t stack;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const {
      return static_cast<std::size_t>((pair.bytes * 0x9e3779b97f4a7c15) ^ pair.stack);
    }
  };

  template <typename... Values>
  void add(fmt::format_string<Values...> line, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), line, std::forward<Values>(values)...);
  }

  // A line for the time, if it has gone on.
  void reach(const Event& event) {
    const std::uint64_t start = process_.started_monotonic_ns;
    const std::uint64_t ms = event.after_ns > start ? (event.after_ns - start) / kNsPerMs : 0;
    if (ms <= written_ms_) return;
    written_ms_ = ms;
    add("c {:x}\n", ms);
  }

  std::uint64_t pair_of(std::uint64_t bytes, std::uint32_t stack) {
    const auto [found, is_new] = pairs_.try_emplace({bytes, stack}, pairs_.size());
    if (is_new) add("a {:x} {:x}\n", bytes, stack);
    return found->second;
  }

  // Strings, frames and stacks are numbered from 1 on, 0 is none.
  std::uint32_t string_of(std::string_view string) {
    if (string.empty()) return 0;
    const auto [found, is_new] = strings_.try_emplace(String(string), strings_.size() + 1);
    if (is_new) {
      add("s {:x} ", string.size());
      text_ += string;
      text_ += '\n';
    }
    return static_cast<std::uint32_t>(found->second);
  }

  std::uint32_t add_frame(std::string_view module, std::string_view function, std::string_view file,
                          std::int32_t line) {
    const std::uint32_t numbers[] = {string_of(module), string_of(function), string_of(file)};
    // Frames are told apart by their addresses, for which the number serves.
    add("i {0:x} {1:x} {2:x}", ++frames_, numbers[0], numbers[1]);
    if (numbers[2] != 0 && line > 0) add(" {:x} {:x}", numbers[2], line);
    text_ += '\n';
    return frames_;
  }

  std::uint32_t frame_of(std::uint32_t number) {
    if (number >= frame_numbers_.size()) frame_numbers_.resize(blocks_.tree().names(), 0);
    std::uint32_t& frame = frame_numbers_[number];
    if (frame != 0) return frame;
    const SiteName& name = blocks_.tree().name(number);
    if (name.has_frame) {
      frame = add_frame("Python", shown_function(options_.names, name.function),
                        shown_function(options_.names, name.file), name.line);
    } else {
      const NativeName native = native_name(name);
      String function = shown_function(options_.names, native.function);
      if (function.empty()) function = site_text(name, options_.names, FunctionText::Whole);
      frame = add_frame(shown_function(options_.names, native.library), function,
                        shown_function(options_.names, name.source_file), name.source_line);
    }
    return frame;
  }

  // The stack below the outermost frames of a whole stack.
  std::uint32_t root_of(CallNode end) {
    const std::string_view missing = missing_callers(static_cast<StackEnd>(end));
    if (missing.empty()) return 0;
    return add_stack(add_frame({}, missing, {}, 0), 0);
  }

  std::uint32_t add_stack(std::uint32_t frame, std::uint32_t parent) {
    add("t {:x} {:x}\n", frame, parent);
    return ++stacks_;
  }

  std::uint32_t stack_of(OriginId origin) {
    std::uint32_t& known = by_origin_[origin];
    if (known == 0) known = stack_of_node(blocks_.node_of(origin));
    return known;
  }

  std::uint32_t stack_of_node(CallNode stack) {
    const CallTree& tree = blocks_.tree();
    if (stack_numbers_.size() < tree.end()) stack_numbers_.resize(tree.end(), 0);
    const bool is_alone = is_native_alone(tree, stack);
    Vector<CallNode> missing;
    CallNode node = stack;
    for (; has_frame(node) && stack_numbers_[node] == 0; node = tree.parent(node)) {
      missing.push_back(node);
    }
    if (!has_frame(node) && stack_numbers_[node] == 0 && !is_alone) {
      stack_numbers_[node] = root_of(node);
    }
    std::uint32_t number = is_alone && !has_frame(node) ? 0 : stack_numbers_[node];
    while (!missing.empty()) {
      number = add_stack(frame_of(tree.name_of(missing.back())), number);
      stack_numbers_[missing.back()] = number;
      missing.pop_back();
    }
    return number;
  }

  void flush() {
    if (text_.size() < kTextPiece) return;
    output_.write(text_);
    text_.clear();
  }

  Output& output_;
  const FormatOptions& options_;
  const ProcessInfo process_;
  BlockEvents blocks_;
  String text_;
  std::uint64_t written_ms_ = 0;
  HashMap<String, std::size_t, StringHash> strings_;
  HashMap<Pair, std::uint64_t, PairHash> pairs_;
  std::uint32_t frames_ = 0;
  std::uint32_t stacks_ = 0;
  Vector<std::uint32_t> frame_numbers_;  // by the number of the name in the tree
  Vector<std::uint32_t> stack_numbers_;  // by the node in the tree
  PerSite<std::uint32_t> by_origin_;
};

}  // namespace

void write_heaptrack(Replay& replay, const FormatOptions& options) {
  Heaptrack(replay, options).write(replay);
}

}  // namespace pymemflow::report
