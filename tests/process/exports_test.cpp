// What the library shows to its host, and what it asks of it: its hooks and nothing else, the C
// library and nothing else.

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <sstream>

#include "tests/support/child_process.h"

namespace pymemflow::test {
namespace {

using Names = std::set<std::string>;

std::vector<std::vector<std::string>> rows_of(const std::vector<std::string>& command) {
  const Child child = run(command);
  EXPECT_EQ(child.exit_code, 0) << child.err;
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(child.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    rows.emplace_back(std::istream_iterator<std::string>(words),
                      std::istream_iterator<std::string>());
  }
  EXPECT_FALSE(rows.empty());
  return rows;
}

Names expected_names() {
  Names names;
  std::istringstream words(PMF_EXPORTED_NAMES);
  for (std::string name; std::getline(words, name, ',');) names.insert(name);
  return names;
}

bool has(const std::vector<std::string>& row, const std::string& word) {
  return std::find(row.begin(), row.end(), word) != row.end();
}

TEST(Exports, AreTheHooksAlone) {
  Names names;
  for (const auto& row : rows_of({PMF_NM, "-D", "--defined-only", PMF_LIBRARY})) {
    names.insert(row.back());
  }
  EXPECT_EQ(names, expected_names());
}

TEST(Exports, NeedTheCLibraryAndTheLoaderAlone) {
  Names needed;
  for (const auto& row : rows_of({PMF_READELF, "-dW", PMF_LIBRARY})) {
    if (has(row, "(NEEDED)")) needed.insert(row.back());
  }
  EXPECT_TRUE(needed.contains("[libc.so.6]"));
  needed.erase("[libc.so.6]");
  for (const std::string& name : needed) EXPECT_EQ(name.rfind("[ld-linux", 0), 0U) << name;
}

TEST(Exports, AreBoundAtLoadAndNeedNoWritableText) {
  bool is_bound_now = false;
  bool has_text_relocations = false;
  for (const auto& row : rows_of({PMF_READELF, "-dW", PMF_LIBRARY})) {
    is_bound_now = is_bound_now || has(row, "BIND_NOW") || has(row, "NOW");
    has_text_relocations = has_text_relocations || has(row, "(TEXTREL)") || has(row, "TEXTREL");
  }
  EXPECT_TRUE(is_bound_now);
  EXPECT_FALSE(has_text_relocations);
}

// There is little static thread-local storage left for those who come late.
TEST(Exports, TakeLittleThreadLocalStorage) {
  unsigned long bytes = 0;
  int segments = 0;
  for (const auto& row : rows_of({PMF_READELF, "-lW", PMF_LIBRARY})) {
    if (row.size() < 7 || row[0] != "TLS") continue;
    bytes = std::strtoul(row[5].c_str(), nullptr, 16);  // in memory
    ++segments;
  }
  EXPECT_EQ(segments, 1);
  EXPECT_GT(bytes, 0U);
  EXPECT_LE(bytes, 64U);
}

}  // namespace
}  // namespace pymemflow::test
