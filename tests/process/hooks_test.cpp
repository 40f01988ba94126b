// Every function of functions.def, called in every way that matters, does what it does without the
// library: in a program without Python. hooks_in_python.py does the same where calls are recorded.

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "capture/event.h"
#include "platform/here.h"
#include "tests/support/child_process.h"

namespace pymemflow::test {
namespace {

// What came of the calls, without their addresses.
// Of these the usable size depends on where in the heap the block was cut out.
const std::set<std::string> kAligned = {"posix_memalign", "aligned_alloc", "memalign", "valloc",
                                        "pvalloc"};

std::string outcomes(const std::string& name, const std::string& text) {
  static const std::regex usable_size(" usable [1-9][0-9]*");
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    if (kAligned.contains(name)) line = std::regex_replace(line, usable_size, " usable SIZE");
    if (line[0] != '=') result += line + "\n";
  }
  return result;
}

class Hooks : public testing::TestWithParam<FunctionTraits> {};

TEST_P(Hooks, ChangeNothing) {
  const std::string name{GetParam().name};
  const Child without = run({PMF_ALLOCATOR_CALLS, name});
  const Child with =
      run({PMF_ALLOCATOR_CALLS, name}, {.environment = {{"LD_PRELOAD", PMF_LIBRARY}}});
  ASSERT_EQ(without.exit_code, 0) << without.err;
  EXPECT_EQ(with.exit_code, 0) << with.err;
  EXPECT_EQ(with.err, "");
  ASSERT_NE(outcomes(name, with.out), "");
  EXPECT_EQ(outcomes(name, with.out).find("NOT "), std::string::npos) << with.out;
  EXPECT_EQ(outcomes(name, with.out).find("absent"), std::string::npos)
      << "not provided by the library";
  if (without.out == name + " is absent\n") {
    // Nothing to compare with: the C library has no such function.
    EXPECT_NE(with.out.find(name + " some: errno 4242\n"), std::string::npos) << with.out;
  } else {
    EXPECT_EQ(outcomes(name, with.out), outcomes(name, without.out));
  }
}

std::vector<FunctionTraits> hooked_here() {
  return {
#define PMF_FUNCTION(name, arguments, effect, where) PMF_HERE_##where(traits(Function::name), )
#include "capture/functions.def"
#undef PMF_FUNCTION
  };
}

INSTANTIATE_TEST_SUITE_P(Functions, Hooks, testing::ValuesIn(hooked_here()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace pymemflow::test
