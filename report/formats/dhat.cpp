// The format dhat: the call stacks with the lives of their blocks, as the viewer of DHAT
// (valgrind's dh_view.html) and the Firefox Profiler read them (version 2 of the file format). Time
// is counted in calls of the allocator, of which the record is exact.

#include <algorithm>
#include <string_view>

#include "report/base/json_text.h"
#include "report/base/output.h"
#include "report/blocks/block_events.h"
#include "report/formats/replay.h"
#include "report/rows/missing_callers.h"
#include "report/stacks/callers.h"
#include "report/stacks/frame_text.h"

namespace pymemflow::report {
namespace {

// Blocks that live no longer are called short-lived.
constexpr std::uint64_t kShortLife = 10;

class Dhat final : public BlockSink {
 public:
  Dhat(Replay& replay, const FormatOptions& options)
      : output_(replay.output()),
        options_(options),
        process_(replay.process_info()),
        blocks_(replay.names(), replay.symbols(), process_.has_stacks, *this) {}

  void write(Replay& replay) {
    replay.feed(blocks_);
    json_.begin_object().field("dhatFileVersion", std::uint64_t{2}).field("mode", "rust-heap");
    json_.field("verb", "Allocated").field("bklt", true).field("bkacc", false);
    json_.field("tu", "calls").field("Mtu", "Mcalls").field("tuth", kShortLife);
    String command;
    for (const char c : process_.command_line) command += c == '\0' ? ' ' : c;
    if (command.ends_with(' ')) command.pop_back();
    json_.field("cmd", std::string_view(command)).field("pid", std::uint64_t{process_.id});
    json_.field("te", blocks_.calls()).field("tg", peak_call_).key("pps").begin_array();
    for (const CallNode node : nodes_) write_stack(node, of(node));
    json_.end_array().key("ftbl").begin_array().value("[root]");
    for (std::uint32_t number = 0; number < blocks_.tree().names(); ++number) {
      write_frame(blocks_.tree().name(number));
    }
    for (CallNode end = 0; end < kStackEnds; ++end) {
      json_.value(missing_callers(static_cast<StackEnd>(end)));
    }
    json_.end_array().end_object();
    text_ += '\n';
    output_.write(text_);
  }

  std::uint64_t on_allocated(const Event& call, OriginId origin) override {
    CallNode& node = by_origin_[origin];
    if (node == 0) node = blocks_.node_of(origin) + 1;
    Lives& lives = of(node - 1);
    if (lives.blocks == 0) nodes_.push_back(node - 1);
    change(lives);
    const std::uint64_t bytes = call.size_bytes();
    lives.live.add({bytes, 1});
    lives.bytes += bytes;
    ++lives.blocks;
    lives.births += blocks_.calls();
    if (lives.live.bytes >= lives.most.bytes) lives.most = lives.live;
    live_ += bytes;
    if (live_ > peak_ || peak_call_ == 0) {
      peak_ = live_;
      peak_call_ = blocks_.calls();
      ++peaks_;
    }
    return blocks_.calls();
  }

  void on_released(const Event& /*call*/, const EndedBlock& block) override {
    Lives& lives = of(by_origin_[block.origin] - 1);
    change(lives);
    lives.live.subtract({block.bytes, 1});
    live_ -= block.bytes;
    lives.lifetimes += blocks_.calls() - block.note;
    lives.births -= block.note;
  }

  void on_memory(const Event& /*reading*/) override {}

 private:
  struct Lives {
    std::uint64_t bytes = 0;  // allocated in all
    std::uint64_t blocks = 0;
    std::uint64_t lifetimes = 0;  // of released blocks, in calls
    std::uint64_t births = 0;     // the sum of the calls that allocated the live blocks
    Amount live;
    Amount most;
    // At the high-water mark, if live memory has changed since then.
    Amount at_peak;
    std::uint64_t peak = 0;  // the number of the peak that `at_peak` is of
  };

  Lives& of(CallNode node) { return lives_[node]; }

  // Before each change of the live memory of a stack.
  void change(Lives& lives) {
    if (lives.peak == peaks_) return;
    lives.at_peak = lives.live;
    lives.peak = peaks_;
  }

  void write_stack(CallNode stack, Lives& lives) {
    change(lives);
    json_.begin_object().field("tb", lives.bytes).field("tbk", lives.blocks);
    // Live blocks end with the record.
    const std::uint64_t live_for = lives.live.blocks * blocks_.calls() - lives.births;
    json_.field("tl", lives.lifetimes + live_for);
    json_.field("mb", lives.most.bytes).field("mbk", lives.most.blocks);
    json_.field("gb", lives.at_peak.bytes).field("gbk", lives.at_peak.blocks);
    json_.field("eb", lives.live.bytes).field("ebk", lives.live.blocks);
    json_.key("fs").begin_array();
    const CallTree& tree = blocks_.tree();
    CallNode node = stack;
    // The first entry of the table is the root.
    for (; has_frame(node); node = tree.parent(node)) {
      json_.value(std::uint64_t{tree.name_of(node)} + 1);
    }
    const bool is_whole =
        missing_callers(static_cast<StackEnd>(node)).empty() || is_native_alone(tree, stack);
    if (!is_whole) json_.value(std::uint64_t{tree.names()} + 1 + node);
    json_.end_array().end_object();
    flush();
  }

  void write_frame(const SiteName& frame) {
    json_.value(std::string_view(site_text(frame, options_.names, FunctionText::Short)));
    flush();
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
  JsonText json_{text_};
  PerSite<CallNode> by_origin_;  // plus 1
  PerSite<Lives> lives_;         // by node
  Vector<CallNode> nodes_;
  std::uint64_t live_ = 0;
  std::uint64_t peak_ = 0;
  std::uint64_t peak_call_ = 0;
  std::uint64_t peaks_ = 0;
};

}  // namespace

void write_dhat(Replay& replay, const FormatOptions& options) {
  Dhat(replay, options).write(replay);
}

}  // namespace pymemflow::report
