// Profiles of captures with stacks, made by hand: what every format prints of them.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include "report/maker/report.h"
#include "report/stacks/callers.h"
#include "report/stacks/frame_text.h"
#include "tests/unit/made_capture.h"

namespace pymemflow::report {
namespace {

constexpr SiteId kMain = 1;
constexpr SiteId kHandle = 2;
constexpr SiteId kLoad = 3;    // of a package
constexpr SiteId kRead = 4;    // of the user again
constexpr SiteId kOther = 5;   // the line of kHandle with another instruction
constexpr SiteId kDecode = 6;  // of the standard library
constexpr SiteId kFree = 7;

Records names() {
  Records records;
  records.add_site(kMain, "/srv/app/main.py", "main", 10);
  records.add_site(kHandle, "/srv/app/main.py", "handle", 20);
  records.add_site(kLoad, "/usr/lib/python3.11/site-packages/pkg/io.py", "load", 30);
  records.add_site(kRead, "/srv/app/re;ad.py", "read ", 40);
  records.add_site(kOther, "/srv/app/main.py", "handle", 20);
  records.add_site(kDecode, "/usr/lib/python3.11/json/decoder.py", "decode", 50);
  return records.add_site(kFree, "/srv/app/main.py", "clear", 60);
}

// 16 main; 17 main -> handle; 18 main -> handle, at another instruction; 19 main -> handle -> load;
// 20 main -> handle -> load -> read; 21 main -> handle (2) -> load -> read; 22 ... -> decode; 23 a
// stack that was cut.
Records definitions() {
  Records records = names();
  records.add_stack(16, 0, kMain).add_stack(17, 16, kHandle).add_stack(18, 16, kOther);
  records.add_stack(19, 17, kLoad).add_stack(20, 19, kRead).add_stack(21, 18, kLoad);
  records.add_stack(22, 21, kRead).add_stack(23, 20, kDecode);
  return records.add_stack(24, end_of_stack(StackEnd::Cut), kRead);
}

Records mark(std::string_view name) {
  Records records;
  Word text = 0;
  std::memcpy(&text, name.data(), name.size());
  return records.add({mark_head(name.size()), 1000, text});
}

// Live at the end: 100 + 30 bytes by read below handle, 40 by read below a cut stack, 7 by decode,
// 5 by a line whose stack is not known.
Records events() {
  Records records;
  records.add({used_stack(20)}).add_malloc(0x1000, 1, 100);
  records.add({used_stack(22)}).add_malloc(0x2000, 2, 30);
  records.add({used_stack(24)}).add_malloc(0x3000, 3, 40);
  records.add({used_stack(23)}).add_malloc(0x4000, 4, 7);
  records.add({used_site(kFree)}).add_malloc(0x5000, 5, 5);
  records.add_malloc(0x6000, 1, 1000).add_free(0x6000, 5);
  const std::vector<Word> begin = mark("a").words();
  const std::vector<Word> end = mark("b").words();
  Records all;
  for (const std::vector<Word>* const words : {&begin, &records.words(), &end}) {
    for (const Word word : *words) all.add({word});
  }
  return all;
}

struct Written {
  std::string text;
  std::string_view problem;
};

Written write(int capture, const pymemflow::ReportOptions& asked) {
  const int file = ::memfd_create("report", MFD_CLOEXEC);
  ReportOptions options;
  options.asked = asked;
  options.is_in_process = false;
  options.standard_output = file;
  Written written;
  written.problem = write_report(capture, options).what;
  written.text.resize(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)));
  EXPECT_EQ(::pread(file, written.text.data(), written.text.size(), 0),
            static_cast<ssize_t>(written.text.size()));
  ::close(file);
  return written;
}

std::string report(const pymemflow::ReportOptions& asked) {
  MadeCapture capture(FrameKind::Stacks);
  capture.add(BlockKind::Definitions, definitions());
  capture.add(BlockKind::Events, events());
  const Written written = write(capture.file(), asked);
  EXPECT_EQ(written.problem, "");
  return written.text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(StackProfile, SummaryShowsTheCallersOfEachLine) {
  const std::string text = report({.format = "summary"});
  const std::string indent(40, ' ');
  EXPECT_TRUE(has(text, "           170         3           1  re;ad.py:40 read \n" + indent +
                            "by io.py:30 load\n" + indent + "by main.py:20 handle\n" + indent +
                            "by main.py:10 main\n" + indent +
                            "this stack: 130 bytes; 1 more with other callers (--by stack)\n"))
      << text;
  EXPECT_TRUE(has(text, "             5         1           5  main.py:60 clear\n" + indent +
                            "its callers were not recorded\n"))
      << text;
}

TEST(StackProfile, SummaryByStackFunctionAndFile) {
  const std::string by_stack = report({.format = "summary", .by = By::Stack});
  EXPECT_TRUE(has(by_stack, "by stack\n           130         2           1  re;ad.py:40 read "))
      << by_stack;
  EXPECT_TRUE(has(by_stack, "            40         1           3  re;ad.py:40 read \n"))
      << by_stack;
  EXPECT_TRUE(has(by_stack, "further callers are not in the capture (--max-stack)\n")) << by_stack;
  const std::string by_function = report({.format = "summary", .by = By::Function});
  EXPECT_TRUE(has(by_function, "           170         3           1  re;ad.py read \n"))
      << by_function;
  const std::string by_file = report({.format = "summary", .by = By::File});
  EXPECT_TRUE(has(by_file, "           170         3           1  re;ad.py\n")) << by_file;
}

TEST(StackProfile, DepthTellsStacksApartByTheirNearestCallers) {
  const std::string text = report({.format = "summary", .by = By::Stack, .depth = 1});
  const std::string indent(40, ' ');
  EXPECT_TRUE(has(text, "           130         2           1  re;ad.py:40 read \n" + indent +
                            "by io.py:30 load\n" + indent + "2 more callers\n"))
      << text;
}

TEST(StackProfile, FoldedHasALinePerStack) {
  std::map<std::string, std::uint64_t> lines;
  std::istringstream text(report({.format = "folded"}));
  for (std::string line; std::getline(text, line);) {
    const std::size_t blank = line.rfind(' ');
    lines[line.substr(0, blank)] += std::stoull(line.substr(blank));
  }
  const std::map<std::string, std::uint64_t> expected = {
      {"main.py:10 main;main.py:20 handle;io.py:30 load;re\\x3bad.py:40 read\\x20", 130},
      {"main.py:10 main;main.py:20 handle;io.py:30 load;re\\x3bad.py:40 read\\x20;decoder.py:50 "
       "decode",
       7},
      {"[cut];re\\x3bad.py:40 read\\x20", 40},
      {"[callers not recorded];main.py:60 clear", 5}};
  EXPECT_EQ(lines, expected);
}

TEST(StackProfile, FoldedHasTheWeightOfTheMetric) {
  const auto sum = [](Metric metric) {
    std::uint64_t total = 0;
    std::istringstream text(report({.format = "folded", .metric = metric}));
    for (std::string line; std::getline(text, line);) {
      total += std::stoull(line.substr(line.rfind(' ')));
    }
    return total;
  };
  EXPECT_EQ(sum(Metric::Live), 182U);
  EXPECT_EQ(sum(Metric::Leaked), 182U);
  EXPECT_EQ(sum(Metric::Total), 1182U);
  EXPECT_EQ(sum(Metric::Temporary), 1U);
}

TEST(StackProfile, TreeSumsUpWhatEachCallCalled) {
  const std::string text = report({.format = "tree"});
  EXPECT_EQ(text.substr(0, text.find("pymemflow:")),
            "           182  100.0%  bytes alive at the end, by caller and called function\n"
            "           137   75.3%  - main.py:10 main\n"
            "           137   75.3%    main.py:20 handle\n"
            "           137   75.3%    io.py:30 load\n"
            "           137   75.3%    re;ad.py:40 read \n"
            "             7    3.8%    - decoder.py:50 decode\n"
            "            40   22.0%  - [cut]\n"
            "            40   22.0%    re;ad.py:40 read \n"
            "             5    2.7%  - main.py:60 clear\n");
  const std::string two = report({.format = "tree", .depth = 2});
  EXPECT_FALSE(has(two, "io.py")) << two;
  EXPECT_TRUE(has(two, "main.py:20 handle\n")) << two;
}

TEST(StackProfile, JsonHasTheFramesOfEachRow) {
  const std::string text = report({.format = "json"});
  EXPECT_TRUE(has(
      text,
      R"("line": 40, "function": "read ", "stacks": 2, "stack": [{"file": "/srv/app/re;ad.py", )"
      R"("line": 40, "function": "read "}, {"file": "/usr/lib/python3.11/site-packages/pkg/io.py", )"
      R"("line": 30, "function": "load"}, {"file": "/srv/app/main.py", "line": 20, )"
      R"("function": "handle"}, {"file": "/srv/app/main.py", "line": 10, "function": "main"}], )"
      R"("stack_end": "bottom", "live": {"bytes": 170, "blocks": 3})"))
      << text;
  // The growth between the marks has stacks as well.
  const std::string growth = text.substr(text.find("\"marks\""));
  EXPECT_TRUE(has(growth, R"("function": "main"}], "stack_end": "bottom", "bytes": 170)"))
      << growth;
}

TEST(StackProfile, ACaptureWithoutStacksNamesTheOption) {
  MadeCapture capture(FrameKind::Sites);
  capture.add(BlockKind::Definitions, names());
  capture.add(BlockKind::Events, Records().add_malloc(0x1000, kMain, 100));
  for (const pymemflow::ReportOptions& asked : {pymemflow::ReportOptions{.format = "tree"},
                                                {.format = "folded"},
                                                {.format = "summary", .by = By::Stack},
                                                {.format = "summary", .depth = 3},
                                                {.format = "json", .full_stacks = true}}) {
    EXPECT_EQ(write(capture.file(), asked).problem, kNoCallers);
  }
  const Written written = write(capture.file(), {.format = "summary"});
  EXPECT_EQ(written.problem, "");
  EXPECT_FALSE(has(written.text, "by main.py")) << written.text;
}

TEST(Callers, AreFirstThoseOfTheUser) {
  CallTree tree;
  CallNode node = end_of_stack(StackEnd::Bottom);
  const auto add = [&](const char* file, int line) {
    SiteName name;
    name.has_frame = true;
    name.file = file;
    name.line = line;
    node = tree.add(node, tree.add_name(name));
  };
  add("/srv/app/main.py", 1);
  for (int line = 2; line < 10; ++line) add("/usr/lib/python3.11/site-packages/pkg/io.py", line);
  add("<frozen importlib._bootstrap>", 10);
  add("/srv/app/main.py", 11);
  add("/srv/app/main.py", 12);
  const auto lines = [&](const CallersWanted& wanted) {
    std::vector<int> found;
    for (const SiteName* const frame : callers_of(tree, node, wanted).frames) {
      found.push_back(frame->line);
    }
    return found;
  };
  EXPECT_EQ(lines({}), (std::vector<int>{11, 10, 9, 8, 1}));
  EXPECT_EQ(lines({.depth = 2}), (std::vector<int>{11, 10}));
  EXPECT_EQ(lines({.all = true}).size(), 11U);
  EXPECT_EQ(std::string(note_on(callers_of(tree, node, {}))), "6 more callers");
}

// A stack that is cut says so, whether callers are left out or not.
TEST(Callers, SayWhyTheStackIsNotWhole) {
  CallTree tree;
  CallNode node = end_of_stack(StackEnd::Cut);
  SiteName name;
  name.has_frame = true;
  name.file = "/srv/app/main.py";
  const std::uint32_t number = tree.add_name(name);
  for (int frame = 0; frame < 8; ++frame) node = tree.add(node, number);
  const std::string end = "further callers are not in the capture (--max-stack)";
  EXPECT_EQ(std::string(note_on(callers_of(tree, node, {}))), "2 more callers; " + end);
  EXPECT_EQ(std::string(note_on(callers_of(tree, node, {}), "--full-stacks")),
            "2 more callers (--full-stacks); " + end);
  EXPECT_EQ(std::string(note_on(callers_of(tree, node, {.all = true}))), end);
}

// A gap between the C functions and the Python line is shown, and the stack is not whole.
TEST(Callers, ShowGapsOfNativeStacks) {
  CallTree tree;
  SiteName line;
  line.has_frame = true;
  line.file = "/srv/app/main.py";
  CallNode node = tree.add(end_of_stack(StackEnd::Bottom), tree.add_name(line));
  EXPECT_EQ(end_of(tree, node), StackEnd::Bottom);
  SiteName gap;
  gap.missing = StackEnd::NoRule;
  gap.caller = "[native frames missing: no rule]";
  node = tree.add(node, tree.add_name(gap));
  SiteName native;
  native.module = "/usr/lib/libc.so.6";
  native.caller = "libc.so.6`strdup";
  node = tree.add(node, tree.add_name(native));
  EXPECT_EQ(end_of(tree, node), StackEnd::NoRule);
  const Vector<String> lines = native_lines(callers_of(tree, node, {}), {}, {});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(std::string(lines[0]), "in strdup (libc.so.6)");
  EXPECT_EQ(std::string(lines[1]), "[native frames missing: no rule]");
}

// The lines of a stack that has these numbers of C functions, of an extension and of the
// interpreter.
std::vector<std::string> native_lines_of(int foreign, int engine, const CallersWanted& wanted) {
  CallTree tree;
  SiteName line;
  line.has_frame = true;
  line.file = "/srv/app/main.py";
  CallNode node = tree.add(end_of_stack(StackEnd::Bottom), tree.add_name(line));
  const auto add = [&](int count, const char* module, const char* function) {
    for (int i = count; i > 0; --i) {
      SiteName name;
      name.module = module;
      name.caller = String(base_name(name.module)) + "`" + function + std::to_string(i).c_str();
      node = tree.add(node, tree.add_name(name));
    }
  };
  add(foreign, "/srv/app/mine.so", "f");
  add(engine, "/usr/lib/libpython3.11.so", "PyMem_");
  std::vector<std::string> lines;
  for (const String& each : native_lines(callers_of(tree, node, wanted), wanted, {})) {
    lines.emplace_back(each.substr(0, each.find(" (")));
  }
  return lines;
}

TEST(Callers, ShowTheCFunctionsOfExtensions) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(native_lines_of(2, 2, {}), (Lines{"in f1", "in f2"}));
  EXPECT_EQ(native_lines_of(2, 1, {.all = true}), (Lines{"in PyMem_1", "in f1", "in f2"}));
  EXPECT_EQ(native_lines_of(0, 2, {}), (Lines{"in PyMem_1"}));
  EXPECT_EQ(native_lines_of(0, 0, {}), Lines{});
  EXPECT_EQ(native_lines_of(16, 0, {}).size(), 16U);
  const Lines many = native_lines_of(20, 0, {});
  EXPECT_EQ(many.size(), 17U);
  EXPECT_EQ(many[7], "in f8");
  EXPECT_EQ(many[8], "4 more C functions");
  EXPECT_EQ(many[9], "in f13");
  EXPECT_EQ(many[16], "in f20");
  EXPECT_EQ(native_lines_of(17, 0, {})[8], "1 more C function");
  EXPECT_EQ(native_lines_of(20, 0, {.all = true}).size(), 20U);
}

}  // namespace
}  // namespace pymemflow::report
