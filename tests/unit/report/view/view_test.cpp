// Tests moments and ranges of a record: how they are written, where they are found in events made
// by hand, and what reports on captures show of them.

#include "report/view/view.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "report/maker/report.h"
#include "report/view/moment_finder.h"
#include "tests/unit/made_capture.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kStart = 1'000'000'000;

MomentAsked at(std::string_view text) {
  return parse_moment("--at", text, SectionSide::End);
}

TEST(Moments, AreReadAsUsersWriteThem) {
  EXPECT_EQ(at("").kind, MomentKind::End);
  EXPECT_EQ(at("end").kind, MomentKind::End);
  EXPECT_EQ(at("start").kind, MomentKind::Start);
  EXPECT_EQ(at("peak").kind, MomentKind::Peak);
  EXPECT_EQ(at("12.5s").kind, MomentKind::Time);
  EXPECT_EQ(at("12.5s").after_ns, 12'500'000'000U);
  EXPECT_EQ(at("250ms").after_ns, 250'000'000U);
  EXPECT_EQ(at("0.000000001s").after_ns, 1U);
  EXPECT_EQ(at("99999999999999999999s").after_ns, ~std::uint64_t{0});
  for (const char* const name : {"12.5", "s", ".5s", "1.s", "1.5xs", "-1s", "1s ", "peak:1"}) {
    EXPECT_EQ(at(name).kind, MomentKind::Mark) << name;
  }
}

TEST(Moments, OfANameMayBeMarksOrSections) {
  const MomentAsked asked = parse_moment("--from", "load:3", SectionSide::Begin);
  ASSERT_EQ(asked.marks.size(), 4U);
  EXPECT_EQ(std::string(asked.marks[0].name), "load:3");
  EXPECT_EQ(asked.marks[0].number, 0U);
  EXPECT_EQ(std::string(asked.marks[1].name), "load");
  EXPECT_EQ(asked.marks[1].number, 3U);
  EXPECT_EQ(std::string(asked.marks[2].name), "load:3 begin");
  EXPECT_EQ(std::string(asked.marks[3].name), "load begin");
  EXPECT_EQ(asked.marks[3].number, 3U);
  EXPECT_EQ(std::string(at("load").marks[1].name), "load end");
  EXPECT_EQ(at("load:0").marks.size(), 2U);
}

// Events at these times; an empty name is a call.
struct Step {
  std::uint64_t at_ms;
  std::string_view mark = {};
};
Moment find(const MomentAsked& asked, const std::vector<Step>& steps,
            std::string* problem = nullptr) {
  EventBatch batch;
  for (const Step& step : steps) {
    Event& event = batch.events[batch.size++];
    event = {};
    event.kind = step.mark.empty() ? EventKind::Call : EventKind::Mark;
    event.name = step.mark;
    event.after_ns = kStart + step.at_ms * 1'000'000;
  }
  MomentFinder finder({&asked, 1}, kStart);
  finder.on_events(batch);
  String text;
  const Moment moment = finder.found(0, text);
  if (problem == nullptr) {
    EXPECT_EQ(std::string(text), "");
  } else {
    *problem = text;
  }
  return moment;
}

const std::vector<Step> kSteps = {{0},  {5, "a"},  {10}, {20},          {20, "b begin"},
                                  {20}, {30, "a"}, {40}, {45, "b end"}, {50}};

TEST(Moments, OfMarksAreRightBehindThem) {
  EXPECT_EQ(find(at("a:1"), kSteps).position, 2U);
  EXPECT_EQ(find(at("a:1"), kSteps).event, 1U);
  EXPECT_EQ(find(at("a:1"), kSteps).after_ns, 5'000'000U);
  EXPECT_EQ(std::string(find(at("a:1"), kSteps).words), "mark 'a' (1 of 2)");
  EXPECT_EQ(find(at("a"), kSteps).position, 7U);
  EXPECT_EQ(find(at("a"), kSteps).event, 4U);
  EXPECT_EQ(find(parse_moment("--from", "b", SectionSide::Begin), kSteps).position, 5U);
  EXPECT_EQ(find(at("b"), kSteps).position, 9U);
  EXPECT_EQ(std::string(find(at("b"), kSteps).words), "mark 'b end'");
}

TEST(Moments, OfATimeAreBetweenTheClockReadingsAroundIt) {
  const Moment moment = find(at("20ms"), kSteps);
  EXPECT_EQ(moment.position, 3U);
  EXPECT_EQ(moment.event, 2U);
  EXPECT_EQ(std::string(moment.words), "0.020 s (between clock readings at 0.010 s and 0.020 s)");
  EXPECT_EQ(find(at("21ms"), kSteps).position, 6U);
  EXPECT_EQ(find(at("0s"), kSteps).position, 0U);
  const Moment late = find(at("51ms"), kSteps);
  EXPECT_TRUE(late.is_end());
  EXPECT_EQ(std::string(late.words), "0.051 s, which is after the last clock reading, at 0.050 s");
}

TEST(Moments, ThatAreNotThereNameThoseThatAre) {
  std::string problem;
  find(at("aa"), kSteps, &problem);
  EXPECT_EQ(problem, "has no mark 'aa' (--at); there are 'a', 'b end' and 'b begin'");
  find(at("a:3"), kSteps, &problem);
  EXPECT_EQ(problem, "has 2 marks 'a', and no number 3 (--at)");
  find(at("a"), {{1}}, &problem);
  EXPECT_EQ(problem,
            "has no mark 'a' (--at), and no other marks: the program sets them with "
            "pymemflow.mark()");
}

TEST(Stops, CutBatchesWhereverTheyAre) {
  View view;
  view.has_range = view.has_peak = true;
  view.from.position = 3;
  view.peak.position = 4;
  view.to.position = 8;
  for (const std::size_t size : {1, 2, 4, 8, 100}) {
    Stops stops(view);
    std::string seen;
    std::size_t position = 0;
    const auto take = [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) seen += std::to_string(position + i);
    };
    const auto reach = [&](Stops::Kind kind) { seen += "FPT"[static_cast<int>(kind)]; };
    while (stops.pass(size, take, reach)) position += size;
    EXPECT_EQ(seen, "012F3P4567T") << size;
  }
}

constexpr SiteId kMain = 1;
constexpr SiteId kFirstSite = 2;
constexpr SiteId kSites = 4;

// A capture of random calls, with what is live after each of them counted by hand.
class RandomCapture {
 public:
  RandomCapture(unsigned seed, int calls) : random_(seed), capture_(FrameKind::Stacks) {
    for (int call = 0; call < calls; ++call) {
      if (call == calls / 3) mark("from");
      if (call == calls * 2 / 3) mark("to");
      step();
    }
    mark("last");
    Records names;
    names.add_site(kMain, "main.py", "main", 1);
    names.add_stack(16, 0, kMain);
    for (SiteId i = 0; i < kSites; ++i) {
      names.add_site(kFirstSite + i, "leak.py", "f" + std::to_string(i), 10);
      names.add_stack(17 + i, 16, kFirstSite + i);
    }
    capture_.add(BlockKind::Definitions, names);
    flush();
  }

  using BySite = std::map<std::string, std::uint64_t>;
  // The bytes of each function after this many calls, of blocks with a greater number than `since`.
  BySite live(std::size_t calls, std::size_t since = 0) const {
    std::map<std::uint64_t, std::pair<std::size_t, std::size_t>> blocks;  // call and bytes
    std::map<std::uint64_t, std::string> names;
    for (std::size_t i = 0; i < calls; ++i) {
      const Call& call = calls_[i];
      if (call.bytes == 0) {
        blocks.erase(call.address);
      } else {
        blocks[call.address] = {i + 1, call.bytes};
        names[call.address] = "leak.py:10 f" + std::to_string(call.site);
      }
    }
    BySite sums;
    for (const auto& [address, block] : blocks) {
      if (block.first > since) sums["main.py:1 main;" + names[address]] += block.second;
    }
    return sums;
  }
  std::size_t peak(std::size_t from, std::size_t to) const {
    std::size_t best = from;
    for (std::size_t i = from; i <= to; ++i) {
      if (sum(live(i)) > sum(live(best))) best = i;
    }
    return best;
  }
  static std::uint64_t sum(const BySite& sites) {
    std::uint64_t total = 0;
    for (const auto& [name, bytes] : sites) total += bytes;
    return total;
  }
  std::size_t calls() const { return calls_.size(); }
  std::size_t calls_at(const std::string& mark) const { return marks_.at(mark); }

  std::string report(const pymemflow::ReportOptions& asked, std::string* problem = nullptr) {
    const int file = ::memfd_create("report", MFD_CLOEXEC);
    ReportOptions options;
    options.asked = asked;
    options.is_in_process = false;
    options.standard_output = file;
    const ReportError error = write_report(capture_.file(), options);
    if (problem == nullptr) {
      EXPECT_EQ(error.what, "");
    } else {
      *problem = error.what;
    }
    std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    ::close(file);
    return text;
  }
  BySite folded(pymemflow::ReportOptions asked) {
    asked.format = "folded";
    BySite sites;
    std::istringstream text(report(asked));
    for (std::string line; std::getline(text, line);) {
      const std::size_t blank = line.rfind(' ');
      sites[line.substr(0, blank)] = std::stoull(line.substr(blank));
    }
    return sites;
  }

 private:
  struct Call {
    std::uint64_t address;
    std::size_t bytes;  // 0: free
    unsigned site;
  };

  void step() {
    const bool is_free =
        !live_.empty() && random_() % 100 < (calls_.size() % 200 < 100 ? 35U : 60U);
    if (is_free) {
      const std::size_t which = random_() % live_.size();
      calls_.push_back({live_[which], 0, 0});
      records_.add_free(live_[which], 1);
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      const auto site = static_cast<unsigned>(random_() % kSites);
      next_ += 0x1000;
      calls_.push_back({next_, 1 + random_() % 1000, site});
      records_.add_malloc(next_, site + 1, calls_.back().bytes);
      live_.push_back(next_);
    }
    if (records_.words().size() > 3000) flush();
  }
  void mark(const std::string& name) {
    marks_[name] = calls_.size();
    Word text = 0;
    std::memcpy(&text, name.data(), name.size());
    records_.add({mark_head(name.size()), 1000, text});
  }
  void flush() {
    Records all;
    for (StackId i = 0; i < kSites; ++i) all.add({used_stack(17 + i)});
    for (const Word word : records_.words()) all.add({word});
    capture_.add(BlockKind::Events, all);
    records_ = {};
  }

  std::mt19937 random_;
  MadeCapture capture_;
  Records records_;
  std::vector<Call> calls_;
  std::vector<std::uint64_t> live_;
  std::map<std::string, std::size_t> marks_;
  std::uint64_t next_ = 0x10000;
};

class Views : public ::testing::TestWithParam<unsigned> {
 protected:
  RandomCapture capture_{GetParam(), 1500};
};

TEST_P(Views, ShowWhatWasLiveAtAMoment) {
  const std::size_t peak = capture_.peak(0, capture_.calls());
  EXPECT_EQ(capture_.folded({.at = "peak"}), capture_.live(peak));
  EXPECT_EQ(capture_.folded({.metric = Metric::Peak}), capture_.live(peak));
  EXPECT_EQ(capture_.folded({.at = "from"}), capture_.live(capture_.calls_at("from")));
  EXPECT_EQ(capture_.folded({.at = "to"}), capture_.live(capture_.calls_at("to")));
  EXPECT_EQ(capture_.folded({.at = "end"}), capture_.live(capture_.calls()));
  EXPECT_EQ(capture_.folded({.at = "start"}), RandomCapture::BySite());
}

TEST_P(Views, ShowGrowthBetweenMoments) {
  const std::size_t from = capture_.calls_at("from");
  const std::size_t to = capture_.calls_at("to");
  EXPECT_EQ(capture_.folded({.from = "from", .to = "to"}), capture_.live(to, from));
  EXPECT_EQ(capture_.folded({.from = "from"}), capture_.live(capture_.calls(), from));
  EXPECT_EQ(capture_.folded({.to = "to"}), capture_.live(to));
  // The older blocks are left or freed.
  const std::uint64_t before = RandomCapture::sum(capture_.live(from));
  const std::uint64_t after = RandomCapture::sum(capture_.live(to));
  const std::uint64_t kept = RandomCapture::sum(capture_.live(to, from));
  const std::string text = capture_.report({.format = "json", .from = "from", .to = "to"});
  const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(has("\"live_before\": {\"bytes\": " + std::to_string(before) + ",")) << text;
  EXPECT_TRUE(has("\"live_after\": {\"bytes\": " + std::to_string(after) + ",")) << text;
  const std::uint64_t freed = before + kept - after;
  EXPECT_TRUE(has("\"freed\": {\"bytes\": " + std::to_string(freed) + ",")) << text;
}

TEST_P(Views, FindThePeakOfARange) {
  const std::size_t from = capture_.calls_at("from");
  const std::size_t to = capture_.calls_at("to");
  const std::size_t peak = capture_.peak(from, to);
  EXPECT_EQ(capture_.folded({.metric = Metric::Peak, .from = "from", .to = "to"}),
            capture_.live(peak));
}

TEST_P(Views, OfFlowLinesKeepTheNumbersOfCalls) {
  const std::string text =
      capture_.report({.format = "flow", .from = "from", .to = "to", .flow_columns = "event"});
  std::istringstream lines(text);
  std::size_t expected = capture_.calls_at("from");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" -> ") == std::string::npos) continue;
    ++expected;
    EXPECT_EQ(std::stoull(line), expected) << line;
  }
  EXPECT_EQ(expected, capture_.calls_at("to"));
}

INSTANTIATE_TEST_SUITE_P(Random, Views, ::testing::Values(1, 2, 3, 4));

TEST(View, ThatIsNotThereIsRefused) {
  RandomCapture capture(5, 300);
  std::string problem;
  EXPECT_EQ(capture.report({.format = "summary", .at = "fron"}, &problem), "");
  EXPECT_EQ(problem, "has no mark 'fron' (--at); there are 'from', 'to' and 'last'");
  EXPECT_EQ(capture.report({.format = "flow", .from = "to", .to = "from"}, &problem), "");
  EXPECT_EQ(problem, "has mark 'to' (--from) after mark 'from' (--to)");
}

TEST(View, IsNamedInTextAndJson) {
  RandomCapture capture(6, 300);
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const std::string summary = capture.report({.format = "summary", .at = "to"});
  EXPECT_TRUE(has(summary, "moment:            mark 'to', after event 200\n")) << summary;
  EXPECT_TRUE(has(summary, "alive at mark 'to', by site\n")) << summary;
  const std::string range = capture.report({.format = "summary", .from = "from", .to = "to"});
  EXPECT_TRUE(has(range, "from mark 'from' to mark 'to', events 101 to 200\n")) << range;
  const std::string tree = capture.report({.format = "tree", .metric = Metric::Peak});
  EXPECT_TRUE(has(tree, "100.0%  bytes alive at the peak, by caller")) << tree;
  const std::string json = capture.report({.format = "json", .at = "to"});
  EXPECT_TRUE(has(json, R"("metric": "live", "moment": {"name": "mark 'to'", "is_end": false, )"
                        R"("event": 200, "after_ns": 1000}, "events": 200,)"))
      << json;
}

}  // namespace
}  // namespace pymemflow::report
