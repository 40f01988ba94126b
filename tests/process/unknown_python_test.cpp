// A CPython whose structures are not known: it runs on, its events have no Python line, and one
// line says which version it is.

#include <gtest/gtest.h>

#include "tests/support/child_process.h"

namespace pymemflow::test {
namespace {

int occurrences(const std::string& text, const std::string& word) {
  int count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

TEST(UnknownPython, HasEventsWithoutFrames) {
  const Child child = run({PMF_UNKNOWN_PYTHON}, {.environment = {{"LD_PRELOAD", PMF_LIBRARY}}});
  EXPECT_EQ(child.exit_code, 5);
  EXPECT_EQ(child.out, "done\n");
  EXPECT_EQ(
      child.err.find("pymemflow: CPython 3.99.7 is not known to this version (this version is "
                     "not supported): its events have no Python frame\n"),
      0U)
      << child.err;
  EXPECT_EQ(occurrences(child.err, "pymemflow: CPython"), 1);
  EXPECT_EQ(occurrences(child.err, "\ndtrace:::BEGIN\n\ndtrace:::END\n"), 1) << child.err;
  EXPECT_EQ(occurrences(child.err, "   unknown_python`allocate, total bytes = 7000 \n"), 1)
      << child.err;
  EXPECT_EQ(occurrences(child.err, ", 0 lost\n"), 1);
  // Nothing of our own is among the host's events.
  EXPECT_EQ(occurrences(child.err, "libpymemflow"), 0) << child.err;
}

}  // namespace
}  // namespace pymemflow::test
