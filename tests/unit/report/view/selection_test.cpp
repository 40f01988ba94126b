// Tests the selection of calls in every format, on captures that are made by hand.

#include "report/view/selection.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "report/maker/report.h"
#include "tests/unit/made_capture.h"

namespace pymemflow::report {
namespace {

constexpr SiteId kMain = 1;
constexpr SiteId kLoad = 2;
constexpr SiteId kStore = 3;
constexpr SiteId kClear = 4;

class Selected : public ::testing::Test {
 protected:
  Selected() {
    Records names;
    names.add_site(kMain, "/srv/app/main.py", "main", 10);
    names.add_site(kLoad, "/srv/app/load.py", "load", 20);
    names.add_site(kStore, "/srv/app/store.py", "store", 30);
    names.add_site(kClear, "/srv/app/main.py", "clear", 40);
    names.add_stack(16, 0, kMain).add_stack(17, 16, kLoad).add_stack(18, 16, kStore);
    names.add_stack(19, 17, kStore);
    capture_.add(BlockKind::Definitions, names);
    // load: 100 and 2000 bytes, the large block is freed; store: 300 below main, 50 below load.
    Records events;
    events.add({used_stack(17)}).add({used_stack(18)}).add({used_stack(19)});
    events.add({used_site(kClear)});
    events.add_malloc(0x1000, 1, 100).add_malloc(0x2000, 1, 2000).add_malloc(0x3000, 2, 300);
    events.add_malloc(0x4000, 3, 50).add_free(0x2000, 4).add_malloc(0x5000, 2, 7);
    events.add_free(0x5000, 4);
    capture_.add(BlockKind::Events, events);
  }

  std::string report(const pymemflow::ReportOptions& asked) {
    const int file = ::memfd_create("report", MFD_CLOEXEC);
    const int errors = ::memfd_create("errors", MFD_CLOEXEC);
    ReportOptions options;
    options.asked = asked;
    options.is_in_process = false;
    options.standard_output = file;
    options.standard_error = ::dup(errors);
    EXPECT_EQ(write_report(capture_.file(), options).what, "");
    errors_ = text_of(errors);
    return text_of(file);
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::string errors_;

 private:
  static std::string text_of(int file) {
    std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    ::close(file);
    return text;
  }

  MadeCapture capture_{FrameKind::Stacks};
};

TEST_F(Selected, FoldedHasTheStacksOfTheLinesThatMatch) {
  const std::string whole =
      "main.py:10 main;store.py:30 store 300\n"
      "main.py:10 main;load.py:20 load 100\n"
      "main.py:10 main;load.py:20 load;store.py:30 store 50\n";
  const std::string stores =
      "main.py:10 main;store.py:30 store 300\n"
      "main.py:10 main;load.py:20 load;store.py:30 store 50\n";
  const std::string loads = "main.py:10 main;load.py:20 load 100\n";
  EXPECT_EQ(report({.format = "folded"}), whole);
  for (const char* const pattern : {"store", "store.py", "/srv/*/store.py", "store.py:st?re"}) {
    EXPECT_EQ(report({.format = "folded", .only = pattern}), stores) << pattern;
    EXPECT_EQ(report({.format = "folded", .ignore = pattern}), loads) << pattern;
    EXPECT_EQ(errors_, "");
  }
  EXPECT_EQ(report({.format = "folded", .only = "store,load"}), whole);
  EXPECT_EQ(report({.format = "folded", .only = "*.py", .ignore = "load"}), stores);
  EXPECT_EQ(report({.format = "folded", .limit = 2}),
            whole.substr(0, whole.find("main.py:10 main;load.py:20 load;")));
  EXPECT_EQ(report({.format = "folded", .min_size = 100}),
            whole.substr(0, whole.find("main.py:10 main;load.py:20 load;")));
}

TEST_F(Selected, PatternsThatMatchNothingAreNamed) {
  EXPECT_EQ(report({.format = "folded", .only = "stor"}), "");
  EXPECT_EQ(errors_, "pymemflow: --only stor matches nothing in the record\n");
  EXPECT_TRUE(has(report({.format = "summary", .ignore = "x*,store"}),
                  "\npymemflow: --ignore x* matches nothing in the record\n"));
  EXPECT_EQ(errors_, "");
  EXPECT_TRUE(has(report({.format = "flow", .thread = "12"}),
                  "\npymemflow: no call of this report is selected\n"));
}

TEST_F(Selected, FlowLinesAreThoseOfTheLinesThatMatch) {
  const std::string stores = report({.format = "flow", .only = "store", .flow_columns = "event"});
  EXPECT_TRUE(has(stores,
                  "        3   4711         store.py:30   -> store malloc(300) pntr 0x3000\n"
                  "        4   4711         store.py:30   -> store malloc(50) pntr 0x4000\n"
                  "        6   4711         store.py:30   -> store malloc(7) pntr 0x5000\n"
                  "\ndtrace:::END\n"))
      << stores;
  EXPECT_FALSE(has(stores, "load.py")) << stores;
  EXPECT_TRUE(has(stores, "store.py, store, bytes total = 357 \n")) << stores;
  // A block that is not large enough takes its release along.
  const std::string large = report({.format = "flow", .min_size = 300});
  EXPECT_TRUE(has(large, "load malloc(2000)")) << large;
  EXPECT_TRUE(has(large, "store malloc(300)")) << large;
  EXPECT_TRUE(has(large, "clear free(0x2000)")) << large;
  EXPECT_FALSE(has(large, "free(0x5000)")) << large;
  const std::string leaked = report({.format = "flow", .leaked = true});
  EXPECT_TRUE(has(leaked, "malloc(100)") && has(leaked, "malloc(300)") && has(leaked, "malloc(50)"))
      << leaked;
  EXPECT_FALSE(has(leaked, "2000") || has(leaked, "free(") || has(leaked, "malloc(7)")) << leaked;
  const std::string two = report({.format = "flow", .limit = 2});
  EXPECT_TRUE(has(two, "malloc(2000)") && !has(two, "malloc(300)")) << two;
  EXPECT_TRUE(has(two, "\npymemflow: 5 more lines are left out (--limit)\n")) << two;
  EXPECT_TRUE(has(report({.format = "flow", .thread = "7,9"}), "malloc(50)"));
}

TEST_F(Selected, SummaryAndJsonHaveTheSumOfWhatIsSelected) {
  const std::string text = report({.format = "summary", .only = "store"});
  EXPECT_TRUE(has(text, "alive at the end:  450 bytes in 3 blocks\n")) << text;
  EXPECT_TRUE(has(text, "selected:          350 bytes in 2 blocks, alive at the end\n")) << text;
  EXPECT_FALSE(has(text, "load.py:20 load\n\n")) << text;
  const std::string total =
      report({.format = "summary", .metric = Metric::Total, .ignore = "store"});
  EXPECT_TRUE(has(total, "selected:          2100 bytes (2.1 KiB) in 2 blocks, allocated\n"))
      << total;
  const std::string peak = report({.format = "summary", .metric = Metric::Peak, .only = "load"});
  EXPECT_TRUE(has(peak, "selected:          2100 bytes (2.1 KiB) in 2 blocks, alive at the peak\n"))
      << peak;
  const std::string json = report({.format = "json", .only = "store", .limit = 1});
  EXPECT_TRUE(has(json, R"("selected": {"live": {"bytes": 350, "blocks": 2}, )")) << json;
  EXPECT_TRUE(has(report({.format = "summary", .limit = 1}), "             1 more sites\n"));
}

TEST_F(Selected, InvertedStacksBeginWithTheInnermostFrames) {
  EXPECT_EQ(report({.format = "folded", .inverted = true}),
            "store.py:30 store;main.py:10 main 300\n"
            "load.py:20 load;main.py:10 main 100\n"
            "store.py:30 store;load.py:20 load;main.py:10 main 50\n");
  const std::string tree = report({.format = "tree", .inverted = true});
  EXPECT_EQ(tree.substr(0, tree.find("pymemflow:")),
            "           450  100.0%  bytes alive at the end, by function and caller\n"
            "           350   77.8%  - store.py:30 store\n"
            "           300   66.7%    - main.py:10 main\n"
            "            50   11.1%    - load.py:20 load\n"
            "            50   11.1%      main.py:10 main\n"
            "           100   22.2%  - load.py:20 load\n"
            "           100   22.2%    main.py:10 main\n");
  const std::string one = report({.format = "tree", .limit = 1});
  EXPECT_TRUE(has(one,
                  "           300   66.7%    - store.py:30 store\n"
                  "           150   33.3%    - 1 more\n"))
      << one;
}

}  // namespace
}  // namespace pymemflow::report
