#include "report/page/page_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/base/json_text.h"
#include "report/rows/missing_callers.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kVersion = 1;
// Longer names are cut: a page has a bound, and the names of a program have none.
constexpr std::size_t kMostNameBytes = 400;
constexpr std::size_t kMostMarks = 300;

// The first bytes of a name that is too long, and how long it is.
String bounded(std::string_view name, std::size_t most = kMostNameBytes) {
  if (name.size() <= most) return String(name);
  std::size_t kept = most;
  while (kept != 0 && (static_cast<unsigned char>(name[kept]) & 0xc0) == 0x80) --kept;
  String text(name.substr(0, kept));
  fmt::format_to(std::back_inserter(text), "\u2026 ({} bytes)", name.size());
  return text;
}

// A text and its number in the page; equal ones have one number.
class Texts {
 public:
  std::uint64_t number(std::string_view text) {
    const auto [found, is_new] = numbers_.try_emplace(bounded(text), texts_.size());
    if (is_new) texts_.push_back(found->first);
    return found->second;
  }
  const Vector<String>& all() const { return texts_; }

 private:
  HashMap<String, std::uint64_t, StringHash> numbers_;
  Vector<String> texts_;
};

enum class FrameKind : std::uint8_t { Own, Python, Native, None };

class PageJson {
 public:
  PageJson(const Profile& profile, const PageTree& tree, const SlicedLives& blocks)
      : profile_(profile), tree_(tree), blocks_(blocks) {}

  String write(const PageFacts& facts) {
    json_.begin_object().field("version", kVersion);
    write_process();
    write_record(facts);
    write_totals();
    write_nodes();
    write_lives();
    write_slices();
    write_curve();
    write_marks();
    write_threads();
    write_account();
    json_.key("strings").begin_array();
    for (const String& text : texts_.all()) json_.value(text);
    json_.end_array().end_object();
    return std::move(text_);
  }

 private:
  template <typename Numbers, typename Take>
  void numbers(std::string_view name, const Numbers& from, Take take) {
    json_.key(name).begin_array();
    for (const auto& each : from) json_.value(static_cast<std::uint64_t>(take(each)));
    json_.end_array();
  }
  void amount(std::string_view name, const Amount& amount) {
    json_.key(name).begin_array().value(amount.bytes).value(amount.blocks).end_array();
  }

  void write_process() {
    const ProcessInfo& process = profile_.process;
    String command = process.command_line;
    std::replace(command.begin(), command.end(), '\0', ' ');
    if (command.ends_with(' ')) command.pop_back();
    json_.field("command", bounded(command)).field("process", std::uint64_t{process.id});
    json_.field("python", bounded(process.python_version));
    json_.field("started_ms", process.started_ns / 1'000'000);
  }

  void write_record(const PageFacts& facts) {
    json_.field("metric", facts.metric);
    json_.field("from", bounded(facts.from)).field("to", bounded(facts.to));
    json_.field("is_to_the_end", facts.is_to_the_end).field("is_selected", facts.is_selected);
    json_.field("is_inverted", facts.is_inverted);
    json_.key("record").begin_object().field("events", facts.counts.recorded);
    json_.field("lost", facts.counts.lost).field("damaged", facts.counts.damaged);
    json_.field("left_out", facts.counts.left_out).end_object();
    json_.key("folded").begin_object().field("stacks", tree_.folded);
    json_.field("shown", tree_.stacks);
    // In millionths: there are no fractions in this JSON.
    json_.field("share", static_cast<std::uint64_t>(tree_.share * 1e6)).end_object();
  }

  void write_totals() {
    json_.key("totals").begin_object();
    amount("live", profile_.total.live);
    amount("allocated", profile_.total.allocated);
    amount("before", profile_.range.before);
    json_.field("temporary", profile_.total.temporary).end_object();
    json_.key("peak").begin_object().field("bytes", profile_.peak.live.bytes);
    json_.field("blocks", profile_.peak.live.blocks).field("after_ns", profile_.peak_after_ns);
    json_.field("call", profile_.peak.event).field("site", bounded(profile_.peak_site));
    json_.end_object();
  }

  // The tree, and the names that its nodes have.
  void write_nodes() {
    Vector<std::uint32_t> numbers_of(PageTree::kFirstFrame + profile_.tree.names());
    Vector<std::uint32_t> used;
    for (const PageTree::Node& node : tree_.nodes) {
      std::uint32_t& number = numbers_of[node.name];
      if (number != 0) continue;
      used.push_back(node.name);
      number = static_cast<std::uint32_t>(used.size());
    }
    std::uint32_t index = 0;
    json_.key("nodes").begin_object();
    // The distance to the parent compresses better than its number.
    numbers("up", tree_.nodes, [&](const PageTree::Node& node) { return index++ - node.parent; });
    numbers("name", tree_.nodes,
            [&](const PageTree::Node& node) { return numbers_of[node.name] - 1; });
    json_.end_object().key("rests").begin_array();
    for (std::size_t i = 0; i < tree_.nodes.size(); ++i) {
      if (tree_.nodes[i].name != PageTree::kRest) continue;
      json_.begin_array().value(std::uint64_t{i}).value(tree_.nodes[i].rest_stacks).end_array();
    }
    json_.end_array().key("names").begin_array();
    for (const std::uint32_t name : used) write_name(name);
    json_.end_array();
  }

  // [function, file, line, kind, library]: texts by their numbers.
  void write_name(std::uint32_t name) {
    json_.begin_array();
    if (name < PageTree::kFirstFrame) {
      std::string_view words = "all";
      if (name == PageTree::kRest) words = "[rest]";
      if (name >= PageTree::kFirstEnd) {
        words = missing_callers(static_cast<StackEnd>(name - PageTree::kFirstEnd));
      }
      add_name(words, {}, 0, FrameKind::None, {});
    } else {
      write_frame(profile_.tree.name(name - PageTree::kFirstFrame));
    }
    json_.end_array();
  }

  void write_frame(const SiteName& frame) {
    constexpr Names kShown = {.full_file_path = true};
    if (frame.has_frame) {
      return add_name(shown_function(kShown, frame.function), shown_file(kShown, frame.file),
                      frame.line, is_own_code(frame) ? FrameKind::Own : FrameKind::Python, {});
    }
    const NativeName native = native_name(frame);
    String function = shown_function(kShown, native.function);
    if (native.function.empty()) function = site_text(frame, {}, FunctionText::Whole);
    if (frame.is_inlined) function += " (inlined)";
    add_name(function, shown_file(kShown, frame.source_file), frame.source_line, FrameKind::Native,
             shown_file(kShown, frame.module));
  }

  void add_name(std::string_view function, std::string_view file, std::int32_t line, FrameKind kind,
                std::string_view library) {
    json_.value(texts_.number(function)).value(texts_.number(file));
    json_.value(std::uint64_t{line > 0 ? static_cast<std::uint32_t>(line) : 0U});
    json_.value(static_cast<std::uint64_t>(kind)).value(texts_.number(library));
  }

  // Each series has the lives of one node and thread.
  void write_lives() {
    struct Series {
      std::uint32_t node;
      std::uint16_t thread;
      std::uint32_t count;
    };
    Vector<Series> series;
    for (const BlockLives& each : tree_.lives) {
      const bool is_next = series.empty() || series.back().node != each.origin ||
                           series.back().thread != each.thread;
      if (is_next) series.push_back({each.origin, each.thread, 0});
      ++series.back().count;
    }
    std::uint32_t before = 0;
    json_.key("series").begin_object();
    numbers("step", series,
            [&](const Series& each) { return each.node - std::exchange(before, each.node); });
    numbers("thread", series, [](const Series& each) { return each.thread; });
    numbers("count", series, [](const Series& each) { return each.count; });
    json_.end_object().key("lives").begin_object();
    // 0: before the range; else the number of the slice from 1 on.
    numbers("born", tree_.lives,
            [](const BlockLives& each) { return each.born == kBornBefore ? 0U : each.born + 1U; });
    // The number of slices: leaked at the end; one more: exempt.
    const auto slices = static_cast<std::uint32_t>(blocks_.slices.size());
    numbers("died", tree_.lives, [&](const BlockLives& each) {
      return each.died == kLeaked ? slices : each.died == kExempt ? slices + 1 : each.died;
    });
    numbers("blocks", tree_.lives, [](const BlockLives& each) { return each.blocks; });
    numbers("bytes", tree_.lives, [](const BlockLives& each) { return each.bytes; });
    json_.end_object();
  }

  // Of each slice the widths that have blocks, and their number: [width, blocks, width, blocks].
  void write_widths(std::string_view name, BlocksByWidth TimeSlice::*which) {
    json_.key(name).begin_array();
    for (const TimeSlice& slice : blocks_.slices) {
      json_.begin_array();
      for (std::size_t width = 0; width < (slice.*which).size(); ++width) {
        if ((slice.*which)[width] == 0) continue;
        json_.value(std::uint64_t{width}).value((slice.*which)[width]);
      }
      json_.end_array();
    }
    json_.end_array();
  }

  void write_slices() {
    json_.key("slices").begin_object().field("start_ns", blocks_.start_ns);
    json_.field("width_ns", blocks_.width_ns);
    std::uint64_t before = 0;
    numbers("calls", blocks_.slices, [&](const TimeSlice& slice) {
      return slice.calls - std::exchange(before, slice.calls);
    });
    write_widths("sizes", &TimeSlice::sizes);
    write_widths("ages", &TimeSlice::lives);
    json_.end_object();
  }

  void write_curve() {
    const MemoryCurve& curve = profile_.history.curve;
    json_.key("curve").begin_object().field("start_ns", curve.start_ns);
    json_.field("width_ns", curve.width_ns);
    numbers("live", curve.points, [](const MemoryPoint& point) { return point.live; });
    numbers("most", curve.points, [](const MemoryPoint& point) { return point.most - point.live; });
    numbers("arenas", curve.points, [](const MemoryPoint& point) { return point.arenas; });
    numbers("mapped", curve.points, [](const MemoryPoint& point) { return point.mapped; });
    numbers("resident", curve.points, [](const MemoryPoint& point) { return point.resident; });
    json_.end_object();
  }

  void write_marks() {
    json_.field("all_marks", std::uint64_t{profile_.snapshots.size()}).key("marks").begin_array();
    const std::size_t count = std::min(profile_.snapshots.size(), kMostMarks);
    for (std::size_t i = 0; i < count; ++i) {
      const Snapshot& mark = profile_.snapshots[i];
      json_.begin_array().value(mark.after_ns).value(bounded(mark.name, 80)).end_array();
    }
    json_.end_array();
  }

  void write_threads() {
    json_.key("threads").begin_array();
    for (const std::uint32_t thread : blocks_.threads) {
      const ThreadNames* const names = profile_.process.threads;
      json_.begin_array().value(std::uint64_t{thread});
      json_.value(bounded(names == nullptr ? std::string_view() : names->find(thread), 80));
      json_.end_array();
    }
    json_.end_array();
  }

  void write_account() {
    const Account& account = profile_.account;
    json_.key("account").begin_object().field("is_known", account.is_known);
    json_.field("problem", bounded(account.problem)).field("resident", account.resident);
    json_.key("parts").begin_array();
    for (std::size_t part = 0; part < kAccountPartCount; ++part) {
      if (account.bytes[part] == 0) continue;
      json_.begin_array().value(kAccountParts[part].label).value(account.bytes[part]);
      json_.value(std::uint64_t{kAccountParts[part].is_estimate ? 1U : 0U}).end_array();
    }
    json_.end_array().end_object();
  }

  const Profile& profile_;
  const PageTree& tree_;
  const SlicedLives& blocks_;
  Texts texts_;
  String text_;
  JsonText json_{text_};
};

}  // namespace

String page_data(const Profile& profile, const PageTree& tree, const SlicedLives& blocks,
                 const PageFacts& facts) {
  return PageJson(profile, tree, blocks).write(facts);
}

}  // namespace pymemflow::report
