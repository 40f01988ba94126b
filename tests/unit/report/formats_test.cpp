// Tests the table of formats, and the output of each format for events and profiles from memory.

#include "report/formats/formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "capture/buckets.h"
#include "report/formats/replay.h"
#include "report/rows/stable_sort.h"
#include "tests/unit/captured_output.h"

namespace pymemflow::report {
namespace {

// A replay of invented events.
class MadeUp final : public Replay {
 public:
  MadeUp() {
    names_.set_limit(100);
    const char* const texts[] = {"/srv/app/leak.py", "ma\"ke", ""};
    for (std::uint32_t text = 0; text < 3; ++text) names_.add_text(text, texts[text], 0, true);
    names_.add_code(1, 0, 1, 2, 12, 0);
    EXPECT_TRUE(names_.add_site(1, 1, 0));
    EXPECT_TRUE(names_.add_caller(2, 0x1234, 0));
  }

  void allocate(std::uint64_t address, std::uint64_t bytes, SiteId site) {
    events_.push_back({.function = Function::malloc,
                       .site = site,
                       .arguments = {bytes},
                       .result = address,
                       .after_ns = 1000});
  }
  void mark(std::string_view name) {
    events_.push_back({.kind = EventKind::Mark, .after_ns = 2000, .name = name});
  }
  void map(std::uint64_t address, std::uint64_t bytes, SiteId site) {
    events_.push_back({.kind = EventKind::Mapping,
                       .site = site,
                       .arguments = {0, 0, bytes},
                       .result = address,
                       .mapping = {.step = MappingStep::Mapped, .traits = kMapsFile}});
  }
  const ThreadNames& threads() const override { return threads_; }
  std::string written() { return captured_.text(); }

  Output& output() override { return captured_.output(); }
  Symbols& symbols() override { return symbols_; }
  RecordCounts counts() const override { return {.recorded = events_.size(), .lost = 5}; }
  std::uint32_t process() const override { return 4711; }
  void stream(std::initializer_list<EventSink*> sinks) override {
    for (EventSink* const sink : sinks) {
      for (const Event& event : events_) deliver(event, names_.find(event.site), *sink);
      const EventSum sum = {Function::malloc, 1, bucket_of(8), 3, 24};
      sink->on_sum(sum, *names_.find(1));
    }
    for (EventSink* const sink : sinks) sink->on_finish();
  }
  void feed(BlockEvents& blocks) override {
    EventBatch batch;
    for (const Event& event : events_) {
      batch.events[batch.size] = event;
      batch.sites[batch.size++] = names_.find(event.site);
    }
    blocks.on_events(batch);
  }
  const NameTable& names() const override { return names_; }
  ProcessInfo process_info() const override { return process_; }
  Profile profile() override {
    process_.command_line = String("python3\0leak.py\0", 16);
    ProfileBuilder builder(process_, names_, symbols_);
    builder.on_events(events_);
    return builder.finish();
  }

 private:
  ProcessInfo process_ = {.id = 4711, .end = EndKind::Exit, .started_monotonic_ns = 900};
  CapturedOutput captured_;
  NameTable names_;
  ThreadNames threads_;
  Symbols symbols_{names_.modules(), Symbols::Where::kOffline};
  std::vector<Event> events_;
};

TEST(StableSort, KeepsTheOrderOfEqualRows) {
  using Row = std::pair<int, std::size_t>;
  Vector<Row> rows;
  for (std::size_t i = 0; i < 1000; ++i) rows.emplace_back(static_cast<int>(i * 7919 % 10), i);
  Vector<Row> expected = rows;  // with the place as the second key
  std::sort(expected.begin(), expected.end());
  stable_sort(rows, [](const Row& a, const Row& b) { return a.first < b.first; });
  EXPECT_EQ(rows, expected);
}

TEST(Formats, AreFoundByTheirNames) {
  for (const FormatRow& row : kFormats) {
    EXPECT_EQ(&row_of(format_of(row.name)), &row);
    EXPECT_FALSE(row.sentence.empty());
    EXPECT_TRUE(row.suffix.starts_with('.'));
  }
  EXPECT_EQ(format_of(""), Format::flow);
  ASSERT_EQ(format_names().size(), std::size(kFormats));
}

TEST(Formats, OfAProfileAreRefusedWhereEventsAreMissing) {
  for (const FormatRow& row : kFormats) {
    const bool is_refused = needs_every_event(row.input);
    const Format format = format_of(row.name);
    EXPECT_TRUE(format_problem(format, RecordMode::Full).empty()) << row.name;
    EXPECT_EQ(!format_problem(format, RecordMode::Ring).empty(), is_refused) << row.name;
    EXPECT_EQ(!format_problem(format, RecordMode::Sums).empty(),
              is_refused || row.input == FormatInput::Rows)
        << row.name;
  }
  EXPECT_FALSE(format_problem(Format::summary, RecordMode::Sums).empty());
}

TEST(Formats, DistributionsHaveTheSectionsAlone) {
  MadeUp replay;
  replay.allocate(0x1000, 100, 1);
  write_distributions(replay, {});
  const std::string text = replay.written();
  EXPECT_TRUE(text.starts_with("Python malloc byte distributions by engine caller:\n")) << text;
  EXPECT_NE(text.find("   leak.py, ma\"ke, bytes total = 124 \n"), std::string::npos) << text;
  EXPECT_EQ(text.find("dtrace:::"), std::string::npos);
}

TEST(Formats, FlowHasItsFrameWithoutLinesToo) {
  MadeUp replay;
  replay.allocate(0x1000, 100, 1);
  write_flow(replay, {.has_flow_lines = false});
  EXPECT_TRUE(replay.written().starts_with("dtrace:::BEGIN\n\ndtrace:::END\nPython malloc"));
}

TEST(Formats, JsonIsTheProfile) {
  MadeUp replay;
  replay.mark("a");
  replay.allocate(0x1000, 100, 1);
  replay.allocate(0x2000, 7, 2);
  replay.mark("b");
  replay.map(0x10000, 8192, 1);
  write_json(replay, {});
  EXPECT_EQ(
      replay.written(),
      R"({"schema": "pymemflow-profile", "version": 1, "process": {"id": 4711, )"
      R"("is_forked_child": false, "end": "exit", "started_ns": 0, "python_version": "", )"
      R"("command_line": ["python3", "leak.py"], "threads": []}, "record": {"recorded": 5, )"
      R"("lost": 5, )"
      R"("overwritten": 0, "damaged": 0, "left_out": 0}, "metric": "live", )"
      R"("moment": {"name": "the end", "is_end": true, "event": 2}, )"
      R"("events": 2, "unknown_releases": 0, )"
      R"("live": {"bytes": 107, "blocks": 2}, "allocated": {"bytes": 107, "blocks": 2}, )"
      R"("temporary": 0, "peak": {"bytes": 107, "blocks": 2, "event": 2, "after_ns": 100, )"
      R"J("site": "(no file)"}, "sites": [{"file": "/srv/app/leak.py", "line": 12, )J"
      R"("function": "ma\"ke", "live": {"bytes": 100, "blocks": 1}, )"
      R"("leaked": {"bytes": 100, "blocks": 1}, "allocated": {"bytes": 100, "blocks": 1}, )"
      R"J("temporary": 0, "oldest_event": 1, "exempt": {}}, {"engine_caller": "(no file)", )J"
      R"("module": "", "live": {"bytes": 7, "blocks": 1}, "leaked": {"bytes": 7, "blocks": 1}, )"
      R"("allocated": {"bytes": 7, "blocks": 1}, "temporary": 0, "oldest_event": 2, )"
      R"("exempt": {}}], "marks": [{"name": "a", "event": 0, "after_ns": 1100, )"
      R"("live": {"bytes": 0, "blocks": 0}}, {"name": "b", "event": 2, "after_ns": 1100, )"
      R"("live": {"bytes": 107, "blocks": 2}, "growth": {"since": "a", "since_event": 0, )"
      R"("peak_bytes": 107, "live": {"bytes": 107, "blocks": 2}, )"
      R"("counted": {"bytes": 107, "blocks": 2}, "sites": [{"file": "/srv/app/leak.py", )"
      R"("line": 12, "function": "ma\"ke", "bytes": 100, "blocks": 1}, )"
      R"J({"engine_caller": "(no file)", "module": "", "bytes": 7, "blocks": 1}]}}], "account": )J"
      R"({"is_known": false, "problem": "its map is not in the record", "parts": )"
      R"([{"part": "blocks", "bytes": 107, "is_estimate": false, "leaked_bytes": 0}, )"
      R"({"part": "files", "bytes": 8192, "is_estimate": false, "mapped_bytes": 0}]}, "mappings": )"
      R"({"memory": {"bytes": 0, "peak_bytes": 0, "mapped_bytes": 0, "calls": 0}, "stacks": )"
      R"({"bytes": 0, "peak_bytes": 0, "mapped_bytes": 0, "calls": 0}, "files": )"
      R"({"bytes": 8192, "peak_bytes": 8192, "mapped_bytes": 8192, "calls": 1}, "reserved": )"
      R"({"bytes": 0, "peak_bytes": 0, "mapped_bytes": 0, "calls": 0}, "arenas": )"
      R"({"bytes": 0, "peak_bytes": 0, "mapped_bytes": 0, "calls": 0}, "ranges": 1, )"
      R"("unknown_releases": 0, "sites": [{"library": "unknown library", "owner": "library", )"
      R"("use": "files", "file": "/srv/app/leak.py", "line": 12, "function": "ma\"ke", )"
      R"("bytes": 8192, "peak_bytes": 8192, "mapped_bytes": 8192, "calls": 1}]}})"
      "\n");
}

}  // namespace
}  // namespace pymemflow::report
