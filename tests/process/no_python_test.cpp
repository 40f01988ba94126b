// A process in which no Python ever ran has nothing of ours: same output, same exit code.

#include <gtest/gtest.h>

#include "tests/support/child_process.h"

namespace pymemflow::test {
namespace {

struct Program {
  std::string name;
  std::vector<std::string> command;
};

const Program kPrograms[] = {
    {"ls", {"ls", "/"}},
    {"shell", {"sh", "-c", "ls / | wc"}},
    {"failure", {"sh", "-c", "echo out; echo err >&2; exit 7"}},
    {"killed", {"sh", "-c", "kill -9 $$"}},
    {"perl", {"perl", "-e", "print 1 x 100; exit 3"}},
    {"first_dlerror", {PMF_FIRST_DLERROR}},
};
// An interpreter, so it is told of bad options: whether Python will run in it is not known then.
const Program kInterpreter = {"python_version", {PMF_PYTHON, "--version"}};

class NoPython : public testing::TestWithParam<Program> {
 protected:
  void SetUp() override {
    const std::string& program = GetParam().command[0];
    if (run({"sh", "-c", "command -v " + program}).exit_code != 0) {
      GTEST_SKIP() << program << " is not installed";
    }
  }
};

void compare(const Program& program, Environment environment) {
  const Child without = run(program.command, {.environment = environment});
  environment["LD_PRELOAD"] = PMF_LIBRARY;
  const Child with = run(program.command, {.environment = environment});
  EXPECT_FALSE(with.is_timed_out);
  EXPECT_EQ(with.out, without.out);
  EXPECT_EQ(with.err, without.err);
  EXPECT_EQ(with.exit_code, without.exit_code);
  EXPECT_EQ(with.signal_number, without.signal_number);
}

TEST_P(NoPython, IsLeftAlone) {
  compare(GetParam(), {});
}

TEST_P(NoPython, IsNotToldOfBadOptions) {
  compare(GetParam(), {{"PYMEMFLOW_NOSUCH", "1"}, {"PYMEMFLOW_OUTPUT", ""}});
}

INSTANTIATE_TEST_SUITE_P(Programs, NoPython, testing::ValuesIn(kPrograms),
                         [](const auto& program) { return program.param.name; });

TEST(NoPythonOnce, InterpreterIsLeftAlone) {
  compare(kInterpreter, {});
}

TEST(NoPythonOnce, NeedsNoEnvironment) {
  const Child child = run(
      {"/bin/true"}, {.environment = {{"LD_PRELOAD", PMF_LIBRARY}}, .is_environment_empty = true});
  EXPECT_EQ(child.out + child.err, "");
  EXPECT_EQ(child.exit_code, 0);
}

// That the comparison sees anything at all: where Python does run, there is a report.
TEST(NoPythonOnce, IsNotSaidOfPython) {
  const Child child =
      run({PMF_PYTHON, "-c", "pass"}, {.environment = {{"LD_PRELOAD", PMF_LIBRARY}}});
  EXPECT_EQ(child.exit_code, 0);
  EXPECT_NE(child.err.find("dtrace:::BEGIN"), std::string::npos);
}

}  // namespace
}  // namespace pymemflow::test
