#include "report/dtrace/flow_lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "report/base/digits.h"
#include "tests/unit/captured_output.h"

namespace pymemflow::report {
namespace {

constexpr Site kSite = {
    .has_frame = true, .file = "/src/ex.py", .function = "f", .line = 48, .address = 0};

std::string lines_of(const Event& event, const Site& site = kSite, FlowLinesOptions options = {}) {
  options.pid = 11672;
  CapturedOutput captured;
  FlowLines lines(captured.output(), options);
  lines.on_event(event, site);
  lines.on_finish();
  return captured.text();
}

std::string line_of(const Event& event, const Site& site = kSite) {
  const std::string all = lines_of(event, site);
  const std::string begin = "dtrace:::BEGIN\n";
  const std::string end = "\ndtrace:::END\n";
  EXPECT_EQ(all.substr(0, begin.size()), begin);
  EXPECT_EQ(all.substr(all.size() - end.size()), end);
  return all.substr(begin.size(), all.size() - begin.size() - end.size());
}

// Removes the prefixes of macOS: malloc_zone_calloc, malloc_type_calloc, malloc_type_zone_calloc.
std::string_view plain_name(std::string_view name) {
  for (const std::string_view kind : {"malloc_type_zone_", "malloc_type_", "malloc_zone_"}) {
    if (name.starts_with(kind)) return name.substr(kind.size());
  }
  return name;
}

class EveryFunction : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryFunction, HasItsLine) {
  const std::map<std::string_view, std::string> expected = {
      {"malloc", "malloc(4096) pntr 0x7fa8e6071400"},
      {"free", "free(0x1000)"},
      {"calloc", "calloc(4096, 24) pntr 0x7fa8e6071400"},
      {"realloc", "realloc(0x1000, 24) pntr 0x7fa8e6071400"},
      {"reallocarray", "reallocarray(0x1000, 24, 8) pntr 0x7fa8e6071400"},
      {"posix_memalign", "posix_memalign(4096, 24) pntr 0x7fa8e6071400"},
      {"aligned_alloc", "aligned_alloc(4096, 24) pntr 0x7fa8e6071400"},
      {"memalign", "memalign(4096, 24) pntr 0x7fa8e6071400"},
      {"valloc", "valloc(4096) pntr 0x7fa8e6071400"},
      {"pvalloc", "pvalloc(4096) pntr 0x7fa8e6071400"},
      {"free_sized", "free_sized(0x1000, 24)"},
      {"free_aligned_sized", "free_aligned_sized(0x1000, 24, 8)"},
      {"reallocf", "reallocf(0x1000, 24) pntr 0x7fa8e6071400"},
  };
  const auto function = static_cast<Function>(GetParam());
  const Event event = {.function = function,
                       .site = 1,
                       .thread = 1,
                       .arguments = {0x1000, 24, 8},
                       .result = 0x7fa8e6071400};
  const std::string name(traits(function).name);
  const std::string plain(plain_name(traits(c_function_of(function)).name));
  ASSERT_TRUE(expected.contains(plain));
  const std::string line = name + expected.at(plain).substr(plain.size());
  EXPECT_EQ(line_of(event), " 11672            ex.py:48   -> f " + line + "\n");
}

INSTANTIATE_TEST_SUITE_P(Functions, EveryFunction, testing::Range(std::size_t{0}, kFunctionCount),
                         [](const auto& tested) {
                           return std::string(kFunctions[tested.param].name);
                         });

Event malloc_event(std::uint64_t size) {
  return {.function = Function::malloc, .site = 1, .thread = 1, .arguments = {size}, .result = 0};
}

TEST(FlowLines, SizesAreSigned) {
  EXPECT_NE(line_of(malloc_event(~std::uint64_t{0})).find("malloc(-1) pntr 0x0\n"),
            std::string::npos);
}

TEST(FlowLines, WithoutAFrameThereIsNoLine) {
  EXPECT_EQ(line_of(malloc_event(1), Site()), "");
}

TEST(FlowLines, NamesLongerThanTheBufferAreWhole) {
  const std::string name(Output::kBufferBytes + 1, 'n');
  Site site = kSite;
  site.function = name;
  EXPECT_NE(line_of(malloc_event(1), site).find("-> " + name + " malloc(1)"), std::string::npos);
}

TEST(FlowLines, PadByBytes) {
  Site site = kSite;
  site.file = "\xc3\xa9\xc3\xa9\xc3\xa9.py";  // 9 bytes, 6 characters
  EXPECT_NE(line_of(malloc_event(1), site).find(" 11672        \xc3\xa9"), std::string::npos);
}

TEST(FlowLines, FunctionsThatAreNotAskedForHaveNone) {
  Event event = malloc_event(1);
  event.function = Function::valloc;
  const FlowLinesOptions as_dtrace = {.functions = kFunctionsOfDtrace};
  EXPECT_EQ(lines_of(event, kSite, as_dtrace), "dtrace:::BEGIN\n\ndtrace:::END\n");
}

TEST(FlowLines, EachSiteKeepsItsOwnText) {
  CapturedOutput captured;
  FlowLines lines(captured.output(), {.pid = 1});
  Site other = kSite;
  other.line = 7;
  const SiteId wild = std::numeric_limits<SiteId>::max();
  Event event = malloc_event(1);
  for (int round = 0; round < 2; ++round) {
    event.site = 1;
    lines.on_event(event, kSite);
    event.site = wild;
    lines.on_event(event, other);
  }
  const std::string both =
      "     1            ex.py:48   -> f malloc(1) pntr 0x0\n"
      "     1            ex.py:7    -> f malloc(1) pntr 0x0\n";
  EXPECT_EQ(captured.text(), "dtrace:::BEGIN\n" + both + both);
}

TEST(Digits, AreThoseOfPrintf) {
  std::uint64_t value = 1;
  for (int i = 0; i < 2000; ++i) {
    value = value * 6364136223846793005U + 1442695040888963407U;
    for (const std::uint64_t tested : {value >> (i % 64), std::uint64_t{1} << (i % 64),
                                       (std::uint64_t{1} << (i % 64)) - 1, std::uint64_t(i)}) {
      char ours[64];
      char theirs[64];
      *put_signed_decimal(ours, tested) = '\0';
      std::snprintf(theirs, sizeof(theirs), "%lld", static_cast<long long>(tested));
      ASSERT_STREQ(ours, theirs);
      *put_hex(ours, tested) = '\0';
      std::snprintf(theirs, sizeof(theirs), "%llx", static_cast<unsigned long long>(tested));
      ASSERT_STREQ(ours, theirs);
    }
  }
}

Event probe(EventKind kind, std::uint32_t thread, SiteId site = 1) {
  return {.function = Function::malloc, .kind = kind, .site = site, .thread = thread};
}

TEST(CallStack, IsIndentedByDepthOfEachThread) {
  CapturedOutput captured;
  FlowLines lines(captured.output(), {.pid = 5644, .call_stack = true});
  const Site other = {
      .has_frame = true, .file = "/o.py", .function = "inner", .line = 7, .address = 0};
  lines.on_probe(probe(EventKind::Left, 1), kSite);  // its call was before the recording
  lines.on_probe(probe(EventKind::Entered, 1), kSite);
  lines.on_probe(probe(EventKind::Entered, 1, 2), other);
  lines.on_probe(probe(EventKind::Entered, 2), kSite);
  lines.on_probe(probe(EventKind::Left, 1, 2), other);
  lines.on_probe(probe(EventKind::Left, 1), kSite);
  lines.on_finish();
  EXPECT_EQ(captured.text(),
            "dtrace:::BEGIN\n"
            "C    PID  DELTA(us)              FILE:LINE TYPE     -- FUNC\n"
            "  5644            ex.py:48   RTN  <- f\n"
            "  5644            ex.py:48   CALL -> f\n"
            "  5644             o.py:7    CALL   -> inner\n"
            "  5644            ex.py:48   CALL -> f\n"
            "  5644             o.py:7    RTN    <- inner\n"
            "  5644            ex.py:48   RTN  <- f\n"
            "\ndtrace:::END\n");
}

TEST(CallStack, IsLeftOutUnlessAskedFor) {
  CapturedOutput captured;
  FlowLines lines(captured.output(), {.pid = 5644});
  lines.on_probe(probe(EventKind::Entered, 1), kSite);
  EXPECT_EQ(captured.text(), "dtrace:::BEGIN\n");
}

TEST(CallStack, IndentationEndsAtAThousandCallsButForDtrace) {
  for (const bool is_compat : {false, true}) {
    const Names names = is_compat ? kNamesAsDtrace : Names{};
    CapturedOutput captured;
    FlowLines lines(captured.output(), {.pid = 1, .names = names, .call_stack = true});
    for (int i = 0; i < 1500; ++i) lines.on_probe(probe(EventKind::Entered, 1), kSite);
    const std::string text = captured.text();
    const std::size_t last = text.rfind("CALL ") + 5;
    EXPECT_EQ(text.find("->", last) - last, is_compat ? 2998U : 2000U);
  }
}

TEST(FlowLines, LinesStayRightWhenTheTextsOfSitesAreForgotten) {
  const std::string name(16000, 'n');
  const Site site = {.has_frame = true, .file = "/f.py", .function = name, .line = 1, .address = 0};
  CapturedOutput captured;
  FlowLines lines(captured.output(), {.pid = 1});
  const std::size_t before = allocated_bytes();
  std::size_t most = 0;
  for (SiteId number = 1; number <= 10000; ++number) {
    const Event event = {
        .function = Function::malloc, .site = number, .thread = 1, .arguments = {1}, .result = 16};
    lines.on_event(event, site);
    most = std::max(most, allocated_bytes() - before);
  }
  EXPECT_LT(most, std::size_t{80} << 20);
  lines.on_finish();
  const std::string text = captured.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10003);
}

}  // namespace
}  // namespace pymemflow::report
