// The format firefox: each allocation and release with its stack and time, as the Firefox Profiler
// (https://profiler.firefox.com, and the package profiler-cli) reads them: version 48 of its
// processed profiles, which later versions upgrade. Releases have the addresses of their
// allocations, so that the profiler knows what is retained in a range. Tables are written column by
// column.

#include <fmt/core.h>

#include <iterator>
#include <string_view>

#include "report/base/json_text.h"
#include "report/base/output.h"
#include "report/blocks/block_events.h"
#include "report/formats/firefox_tables.h"
#include "report/formats/replay.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kProfileVersion = 48;
// The profiler holds all rows in the memory of a page. Beyond this number, only a part of the
// blocks is shown, each for several.
constexpr std::size_t kMostRows = 1000000;

class Firefox final : public BlockSink {
 public:
  Firefox(Replay& replay, const FormatOptions& options)
      : output_(replay.output()),
        process_(replay.process_info()),
        blocks_(replay.names(), replay.symbols(), process_.has_stacks, *this),
        tables_(blocks_.tree(), options.names) {}

  void write(Replay& replay) {
    replay.feed(blocks_);
    JsonText json(text_);
    json.begin_object();
    write_head(json);
    for (const std::string_view name : {"libs", "pages", "counters", "profilerOverhead"}) {
      json.key(name).begin_array().end_array();
    }
    json.key("threads").begin_array().begin_object();
    write_thread(json);
    json.end_object().end_array().end_object();
    text_ += '\n';
    output_.write(text_);
  }

  std::uint64_t on_allocated(const Event& call, OriginId origin) override {
    const std::uint64_t number = blocks_.calls();
    if (is_shown(number)) {
      add(call, {.address = call.result,
                 .block = number,
                 .origin = origin,
                 .bytes = static_cast<std::int64_t>(call.size_bytes())});
    }
    return number;
  }

  void on_released(const Event& call, const EndedBlock& block) override {
    if (!is_shown(block.note)) return;
    add(call, {.address = block.address,
               .block = block.note,
               .origin = blocks_.origin_of(call),
               .bytes = -static_cast<std::int64_t>(block.bytes)});
  }

  void on_memory(const Event& /*reading*/) override {}

 private:
  struct Row {
    std::uint64_t after_ns = 0;  // since the start
    std::uint64_t address = 0;
    std::uint64_t block = 0;  // the call that allocated it
    OriginId origin = 0;
    std::uint32_t thread = 0;
    std::int64_t bytes = 0;  // less than 0: a release
  };

  // Whether the block of that call is one of the part that is shown: a half, a quarter, ... by
  // chance, but the same at its allocation and its release.
  bool is_shown(std::uint64_t call) const {
    const std::uint64_t mixed = (call * 0x9e3779b97f4a7c15) ^ (call >> 7);
    return shift_ == 0 || (mixed * 0xd6e8feb86659fd93) >> (64 - shift_) == 0;
  }

  void add(const Event& call, Row row) {
    const std::uint64_t start = process_.started_monotonic_ns;
    row.after_ns = call.after_ns > start ? call.after_ns - start : 0;
    row.thread = call.thread;
    rows_.push_back(row);
    if (rows_.size() <= kMostRows) return;
    ++shift_;
    std::erase_if(rows_, [this](const Row& each) { return !is_shown(each.block); });
  }

  void write_head(JsonText& json) {
    json.key("meta").begin_object();
    String command;
    for (const char c : process_.command_line) command += c == '\0' ? ' ' : c;
    if (command.ends_with(' ')) command.pop_back();
    json.field("product", std::string_view(command))
        .field("preprocessedProfileVersion", kProfileVersion);
    json.field("version", std::uint64_t{27}).field("interval", std::uint64_t{1});
    json.field("startTime", process_.started_ns / 1000000).field("processType", std::uint64_t{0});
    json.field("stackwalk", std::uint64_t{1}).field("debug", false).field("symbolicated", true);
    json.field("usesOnlyOneStackType", true).field("doesNotUseFrameImplementation", true);
    json.field("sourceCodeIsNotOnSearchfox", true);
    write_categories(json);
    json.key("markerSchema").begin_array().end_array();
    write_share(json);
    json.end_object();
  }

  static void write_categories(JsonText& json) {
    constexpr std::string_view kCategories[][2] = {{"Python", "blue"}, {"C", "grey"}};
    json.key("categories").begin_array();
    for (const auto& [name, colour] : kCategories) {
      json.begin_object().field("name", name).field("color", colour);
      json.key("subcategories").begin_array().value("Other").end_array().end_object();
    }
    json.end_array();
  }

  // In the profiler's own "more information".
  void write_share(JsonText& json) const {
    String text = "all of them";
    if (shift_ != 0) {
      text.clear();
      fmt::format_to(std::back_inserter(text), "1 of {}, chosen by chance; each stands for {}",
                     std::uint64_t{1} << shift_, std::uint64_t{1} << shift_);
    }
    json.key("extra").begin_array().begin_object().field("label", "pymemflow");
    json.key("entries").begin_array().begin_object().field("label", "Blocks that are shown");
    json.field("format", "string").field("value", std::string_view(text)).end_object().end_array();
    json.end_object().end_array();
  }

  void write_thread(JsonText& json) {
    String name = process_.python_version.empty() ? String("memory") : String("Python ");
    name += process_.python_version;
    if (shift_ != 0) {
      fmt::format_to(std::back_inserter(name), ", 1 of {} blocks", std::uint64_t{1} << shift_);
    }
    String process;
    fmt::format_to(std::back_inserter(process), "{}", process_.id);
    json.field("name", std::string_view(name))
        .field("processType", "default")
        .field("isMainThread", true);
    json.field("processStartupTime", std::uint64_t{0}).key("processShutdownTime").null();
    json.field("registerTime", std::uint64_t{0}).key("unregisterTime").null();
    json.field("pid", std::string_view(process)).field("tid", std::uint64_t{process_.id});
    json.key("pausedRanges").begin_array().end_array();
    write_rows(json);
    tables_.write(json, [this] { flush(); });
  }

  template <typename Value>
  void column(JsonText& json, std::string_view name, Value value) {
    json.key(name).begin_array();
    for (const Row& row : rows_) {
      value(row);
      flush();
    }
    json.end_array();
  }

  void write_rows(JsonText& json) {
    // The profiler wants samples of time too; there are none.
    json.key("samples").begin_object().field("weightType", "samples").key("weight").null();
    for (const std::string_view name : {"stack", "time"}) json.key(name).begin_array().end_array();
    json.field("length", std::uint64_t{0}).end_object();
    json.key("markers").begin_object();
    for (const std::string_view name :
         {"data", "name", "startTime", "endTime", "phase", "category"}) {
      json.key(name).begin_array().end_array();
    }
    json.field("length", std::uint64_t{0}).end_object();
    json.key("nativeAllocations").begin_object().field("weightType", "bytes");
    column(json, "time", [this](const Row& row) { add_time(row.after_ns); });
    column(json, "weight",
           [&](const Row& row) { json.value(row.bytes * (std::int64_t{1} << shift_)); });
    column(json, "stack", [&](const Row& row) {
      json.value(std::uint64_t{tables_.stack_of(blocks_.node_of(row.origin))});
    });
    column(json, "memoryAddress", [&](const Row& row) { json.value(row.address); });
    column(json, "threadId", [&](const Row& row) { json.value(std::uint64_t{row.thread}); });
    json.field("length", std::uint64_t{rows_.size()}).end_object();
  }

  // Milliseconds.
  void add_time(std::uint64_t ns) {
    if (!text_.ends_with('[')) text_ += ',';
    fmt::format_to(std::back_inserter(text_), "{}.{:06}", ns / 1000000, ns % 1000000);
  }

  void flush() {
    if (text_.size() < kTextPiece) return;
    // JsonText and add_time() look at the last byte.
    const std::string_view all = text_;
    output_.write(all.substr(0, all.size() - 1));
    text_.erase(0, text_.size() - 1);
  }

  Output& output_;
  const ProcessInfo process_;
  BlockEvents blocks_;
  FirefoxTables tables_;
  String text_;
  Vector<Row> rows_;
  int shift_ = 0;  // one of 2^shift blocks is shown
};

}  // namespace

void write_firefox(Replay& replay, const FormatOptions& options) {
  Firefox(replay, options).write(replay);
}

}  // namespace pymemflow::report
