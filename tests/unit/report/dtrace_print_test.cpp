// Compares our printing with DTrace's recorded output for the same data.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/d_program.h"

namespace pymemflow::report {
namespace {

std::string contents(const std::string& name) {
  std::ifstream file(std::string(PMF_CONFORMANCE_FOLDER) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class DtracePrint : public testing::TestWithParam<const char*> {};

TEST_P(DtracePrint, IsEqualByteForByte) {
  const std::string program = contents(std::string(GetParam()) + ".d");
  const std::string expected = contents(std::string(GetParam()) + ".out");
  ASSERT_FALSE(program.empty());
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(DProgram(program).run(), expected);
}

INSTANTIATE_TEST_SUITE_P(Programs, DtracePrint,
                         testing::Values("1_values", "2_bars", "3_order", "4_long", "5_empty",
                                         "6_printf", "fuzz1", "fuzz2", "fuzz3"));

}  // namespace
}  // namespace pymemflow::report
