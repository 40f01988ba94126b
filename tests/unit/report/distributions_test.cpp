#include "report/dtrace/distributions.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/captured_output.h"

namespace pymemflow::report {
namespace {

const char kEmptyReport[] =
    "Python malloc byte distributions by engine caller:\n"
    "\nPython malloc byte distributions by Python file and function:\n\n"
    "Python calloc byte distributions by engine caller:\n"
    "\nPython calloc byte distributions by Python file and function:\n\n"
    "\n";

struct Call {
  Event event;
  Site site;
};

std::string report_of(std::initializer_list<Call> calls, const DistributionsOptions& options = {}) {
  CapturedOutput captured;
  const Vector<Module> no_modules;
  Symbols symbols(no_modules, Symbols::Where::kOffline);
  Distributions distributions(captured.output(), symbols, options);
  for (const Call& call : calls) distributions.on_event(call.event, call.site);
  distributions.on_finish();
  return captured.text();
}

Event event_of(Function function, SiteId site, std::uint64_t first, std::uint64_t second = 0,
               std::uint64_t third = 0) {
  return {.function = function,
          .site = site,
          .thread = 1,
          .arguments = {first, second, third},
          .result = 0x10};
}

Site site_of(std::string_view file, std::string_view function) {
  return {.has_frame = true, .file = file, .function = function, .line = 1, .address = 0};
}

// The headings of a report, in its order.
std::string headings(const std::string& report) {
  std::string found;
  std::size_t begin = 0;
  while ((begin = report.find("Python ", begin)) != std::string::npos) {
    const std::size_t end = report.find('\n', begin);
    found += report.substr(begin, end - begin) + "\n";
    begin = end;
  }
  return found;
}

TEST(Distributions, WithoutEventsAreTheHeadings) {
  EXPECT_EQ(report_of({}), kEmptyReport);
}

TEST(Distributions, OfTheOldScriptAreOfMallocAlone) {
  const std::string report = report_of({}, {.functions = kFunctionsOfDtrace2020});
  EXPECT_EQ(headings(report),
            "Python malloc byte distributions by engine caller:\n"
            "Python malloc byte distributions by Python file and function:\n");
}

TEST(Distributions, AreThoseOfTheSeedDocument) {
  const Site site = site_of("/srv/app/ex_dtrace.py", "create_cmalloc_list");
  const Call call = {event_of(Function::malloc, 1, 1477), site};
  const Call one = {event_of(Function::malloc, 2, 1), site};
  const std::string report = report_of({call, call, call, call, one});
  const std::string expected =
      "\n   ex_dtrace.py, create_cmalloc_list, bytes total = 5909 \n"
      "           value  ------------- Distribution ------------- count    \n"
      "               0 |                                         0        \n"
      "               1 |@@@@@@@@                                 1        \n"
      "               2 |                                         0        \n";
  EXPECT_NE(report.find(expected), std::string::npos) << report;
}

TEST(Distributions, WithoutAFrameGoToTheEngineCaller) {
  Site site;
  site.address = 0x4d47db;
  const std::string report = report_of({{event_of(Function::malloc, 1, 3), site}});
  const std::string expected =
      "Python malloc byte distributions by engine caller:\n"
      "   0x4d47db, total bytes = 3 \n"
      "           value  ------------- Distribution ------------- count    \n";
  EXPECT_EQ(report.substr(0, expected.size()), expected);
}

TEST(Distributions, OfOtherFunctionsStandWhereTheyOccurredInTheOrderOfTheTable) {
  const Site framed = site_of("a.py", "f");
  const std::string report = report_of({{event_of(Function::valloc, 1, 5), Site()},
                                        {event_of(Function::realloc, 2, 0x1000, 2048), framed},
                                        {event_of(Function::free, 3, 0x1000), framed},
                                        {event_of(Function::free_sized, 4, 0x1000, 8), framed}});
  EXPECT_EQ(headings(report),
            "Python malloc byte distributions by engine caller:\n"
            "Python malloc byte distributions by Python file and function:\n"
            "Python calloc byte distributions by engine caller:\n"
            "Python calloc byte distributions by Python file and function:\n"
            "Python realloc byte distributions by engine caller:\n"
            "Python realloc byte distributions by Python file and function:\n"
            "Python valloc byte distributions by engine caller:\n"
            "Python valloc byte distributions by Python file and function:\n");
  EXPECT_NE(report.find("   a.py, f, bytes total = 2048 \n"), std::string::npos);
}

TEST(Distributions, AsDtraceKnowsNoOtherFunctions) {
  EXPECT_EQ(report_of({{event_of(Function::realloc, 1, 0, 8), site_of("a.py", "f")}},
                      {.names = kNamesAsDtrace, .functions = kFunctionsOfDtrace}),
            kEmptyReport);
}

TEST(Distributions, SumWhatWasAskedForFailedCallsToo) {
  const Site site = site_of("a.py", "f");
  Event failed = event_of(Function::calloc, 1, 3, 100);
  failed.result = 0;
  const std::string report = report_of({{failed, site},
                                        {event_of(Function::reallocarray, 1, 0x1000, 3, 8), site},
                                        {event_of(Function::posix_memalign, 1, 64, 1000), site},
                                        {event_of(Function::malloc, 1, ~std::uint64_t{0}), site}});
  for (const char* sum : {"= 300 \n", "= 24 \n", "= 1000 \n", "= -1 \n"}) {
    EXPECT_NE(report.find(sum), std::string::npos) << sum;
  }
}

TEST(Distributions, SitesThatShowTheSameNamesAreOneRecord) {
  const std::string report =
      report_of({{event_of(Function::malloc, 1, 1), site_of("/a/x.py", "f")},
                 {event_of(Function::malloc, 2, 2), site_of("/b/x.py", "f")}});
  EXPECT_NE(report.find("   x.py, f, bytes total = 3 \n"), std::string::npos);
}

}  // namespace
}  // namespace pymemflow::report
