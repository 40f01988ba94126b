#include "report/base/names.h"

#include <gtest/gtest.h>

#include <string>

#include "report/base/json_text.h"
#include "report/base/unsafe_character.h"

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

TEST(Names, SeparatorsAndControlsOfDirectionAreEscaped) {
  for (unsigned last = 0x80; last <= 0xbf; ++last) {
    for (const char middle : {'\x80', '\x81'}) {
      const std::string character = {'\xe2', middle, static_cast<char>(last)};
      const unsigned code = (middle == '\x80' ? 0x2000U : 0x2040U) + (last & 0x3fU);
      const bool is_unsafe =
          (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
      const String shown = shown_function({}, "a" + character + "b");
      EXPECT_EQ(shown.find(character) == String::npos, is_unsafe) << code;
      EXPECT_EQ(unsafe_character(character).bytes, is_unsafe ? 3U : 0U) << code;
      EXPECT_EQ(unsafe_character(character).code, is_unsafe ? code : 0U) << code;
    }
  }
  EXPECT_EQ(shown_function({},
                           "a\xe2\x80\xae"
                           "b"),
            "a\\xe2\\x80\\xae"
            "b");
  EXPECT_EQ(shown_function({}, "a\xe2\x80"), "a\xe2\x80");
}

TEST(Names, JsonEscapesTheSameCharacters) {
  String text;
  append_json_string(text, "\x1b\n\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa9\xe2\x82\xac");
  EXPECT_EQ(text, "\"\\u001b\\u000a\\u007f\\u009b\\u202e\\u2069\xe2\x82\xac\"");
}

TEST(CutName, KeepsAFewKibibytesAndSaysHowLongTheNameWas) {
  const std::string longest(kMaxNameBytes, 'n');
  EXPECT_EQ(cut_name(longest), std::string_view(longest));
  EXPECT_EQ(cut_name(longest + "n"), std::string_view(longest + "...[4097 bytes]"));
  EXPECT_EQ(cut_name(std::string(1'000'000, 'n')),
            std::string_view(longest + "...[1000000 bytes]"));
}

TEST(CutName, KeepsTheLastPartOfAPath) {
  const std::string folder(kMaxNameBytes, 'd');
  EXPECT_EQ(base_name(cut_path(folder + "/file.py")), std::string_view("file.py"));
  EXPECT_EQ(cut_path(folder + "d/file.py"), std::string_view(folder + "...[4097 bytes]/file.py"));
  EXPECT_EQ(cut_path("a/b.py"), std::string_view("a/b.py"));
}

TEST(CutName, CutsBetweenTwoCharacters) {
  std::string euros;
  while (euros.size() < 6000) euros += "\xe2\x82\xac";
  EXPECT_EQ(cut_name(euros), std::string_view(euros.substr(0, 4095) + "...[6000 bytes]"));
  const std::string no_utf8(5000, '\x80');
  EXPECT_GT(cut_name(no_utf8).size(), 4000U);
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
