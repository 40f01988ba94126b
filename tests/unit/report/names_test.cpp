#include "report/base/names.h"

#include <gtest/gtest.h>

#include <string>

namespace pymemflow::report {
namespace {

TEST(BaseName, FollowsDtrace) {
  EXPECT_EQ(base_name(""), ".");
  EXPECT_EQ(base_name("/"), "/");
  EXPECT_EQ(base_name("//"), "/");
  EXPECT_EQ(base_name("a"), "a");
  EXPECT_EQ(base_name("a/b/"), "b");
  EXPECT_EQ(base_name("a/b///"), "b");
  EXPECT_EQ(base_name("/usr/lib/x.py"), "x.py");
  EXPECT_EQ(base_name("<frozen importlib._bootstrap>"), "<frozen importlib._bootstrap>");
}

TEST(Names, ALineStaysALine) {
  EXPECT_EQ(shown_file({}, "a\nb.py"), "a\\nb.py");
  EXPECT_EQ(shown_function({}, "\x1b[2J\t\x7f"), "\\x1b[2J\\x09\\x7f");
  EXPECT_EQ(shown_function({}, std::string_view("f\0g", 3)), "f\\x00g");
}

TEST(Names, ABackslashStaysAsItIs) {
  EXPECT_EQ(shown_function({}, "a\\nb"), "a\\nb");
}

TEST(Names, TextThatIsNotAsciiStays) {
  EXPECT_EQ(shown_function({}, "na\xc3\xafve \xe2\x82\xac"), "na\xc3\xafve \xe2\x82\xac");
  EXPECT_EQ(shown_function({}, "\xed\xa0\x80"), "\xed\xa0\x80");
}

TEST(Names, C1ControlsAreEscaped) {
  EXPECT_EQ(shown_function({}, "\xc2\x9b\x32J \xc2\xa0"), "\\xc2\\x9b2J \xc2\xa0");
}

TEST(Names, TheDefaultIsWhole) {
  const std::string name(5000, 'n');
  EXPECT_EQ(shown_function({}, name), std::string_view(name));
}

TEST(Names, TheFullPathIsAnOption) {
  EXPECT_EQ(shown_file({.full_file_path = true}, "/a/b.py"), "/a/b.py");
  EXPECT_EQ(shown_file({.full_file_path = true}, ""), "");
  EXPECT_EQ(shown_file({}, "/a/b.py"), "b.py");
}

TEST(NamesAsDtrace, AreRawAndCutInTheMiddleOfACharacter) {
  EXPECT_EQ(shown_function(kNamesAsDtrace, "a\nb"), "a\nb");
  const std::string name = std::string(254, 'n') + "\xc3\xa9";
  EXPECT_EQ(shown_function(kNamesAsDtrace, name), std::string_view(name).substr(0, 255));
}

TEST(NamesAsDtrace, AreCutBeforeTheBaseNameIsTaken) {
  const std::string path = "/" + std::string(250, 'd') + "/script.py";
  EXPECT_EQ(shown_file(kNamesAsDtrace, path), "scr");
  const std::string cut_at_slash = "/" + std::string(253, 'd') + "/script.py";
  EXPECT_EQ(shown_file(kNamesAsDtrace, cut_at_slash), std::string_view(std::string(253, 'd')));
}

TEST(NamesAsDtrace, EndAtAZeroByte) {
  EXPECT_EQ(shown_function(kNamesAsDtrace, std::string_view("f\0g", 3)), "f");
}

}  // namespace
}  // namespace pymemflow::report
