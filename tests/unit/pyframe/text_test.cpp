#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "pyframe/code.h"
#include "pyframe/layouts/versions.h"

namespace pymemflow::pyframe {
namespace {

template <typename Character>
std::string utf8(const std::vector<Character>& characters) {
  const Text text{characters.data(), characters.size(), sizeof(Character)};
  std::vector<char> out(utf8_size(text) + 1, '#');
  EXPECT_EQ(write_utf8(text, out.data()), out.data() + utf8_size(text));
  EXPECT_EQ(out.back(), '#') << "wrote more than it said";
  return {out.data(), out.size() - 1};
}

TEST(Text, Empty) {
  EXPECT_EQ(utf8<std::uint8_t>({}), "");
}

TEST(Text, Latin1) {
  EXPECT_EQ(utf8<std::uint8_t>({'a', 0x7F, 0x80, 0xE9, 0xFF}), "a\x7F\xC2\x80\xC3\xA9\xC3\xBF");
}

TEST(Text, TwoBytes) {
  EXPECT_EQ(utf8<std::uint16_t>({'a', 0x7FF, 0x800, 0x65E5, 0xFFFF}),
            "a\xDF\xBF\xE0\xA0\x80\xE6\x97\xA5\xEF\xBF\xBF");
}

TEST(Text, FourBytes) {
  EXPECT_EQ(utf8<std::uint32_t>({0x41, 0xFFFF, 0x10000, 0x1F40D, 0x10FFFF}),
            "A\xEF\xBF\xBF\xF0\x90\x80\x80\xF0\x9F\x90\x8D\xF4\x8F\xBF\xBF");
}

TEST(Text, LoneSurrogateTakesThreeBytes) {
  EXPECT_EQ(utf8<std::uint16_t>({0xDCE9}), "\xED\xB3\xA9");
  EXPECT_EQ(utf8<std::uint32_t>({0xD800}), "\xED\xA0\x80");
}

TEST(Text, NoCodePointIsAQuestionMark) {
  EXPECT_EQ(utf8<std::uint32_t>({0x110000, 0xFFFFFFFF}), "??");
}

// Objects in the layout of 3.11, put together by hand.
class DescribeCode : public testing::Test {
 protected:
  DescribeCode() {
    interpreter_.status = InterpreterStatus::Known;
    interpreter_.layout = find_version(3, 11)->frame;
    interpreter_.code_type = &code_type_;
    interpreter_.text_type = &text_type_;
    interpreter_.bytes_type = &bytes_type_;
    const FrameLayout& layout = interpreter_.layout;
    make_text(filename_, 1, true, "f.py", 4);
    make_text(name_, 2, false, "a\0b", 2);
    put<const void*>(table_, kObjectType, &bytes_type_);
    put<std::int64_t>(table_, kObjectSize, 3);
    put<const void*>(code_, kObjectType, &code_type_);
    put<std::int64_t>(code_, kObjectSize, 5);
    put<const void*>(code_, layout.code_filename, filename_);
    put<const void*>(code_, layout.code_name, name_);
    put<const void*>(code_, layout.code_line_table, table_);
    put<std::int32_t>(code_, layout.code_first_line, 42);
  }

  template <typename T>
  void put(char* object, std::uint16_t offset, T value) {
    std::memcpy(object + offset, &value, sizeof value);
  }

  void make_text(char* object, std::uint32_t kind, bool is_ascii, const char* data,
                 std::int64_t length) {
    put<const void*>(object, kObjectType, &text_type_);
    put<std::int64_t>(object, kTextLength, length);
    put<std::uint32_t>(object, kTextState,
                       kind << 2 | 1u << 5 | (is_ascii ? 1u << 6 : 0) | 1u << 7);
    const FrameLayout& layout = interpreter_.layout;
    std::memcpy(object + (is_ascii ? layout.ascii_data : layout.compact_data), data,
                static_cast<std::size_t>(length) * kind);
  }

  bool describe() { return describe_code(interpreter_, code_, description_); }

  Interpreter interpreter_;
  Code description_{};
  int code_type_ = 0, text_type_ = 0, bytes_type_ = 0, other_type_ = 0;
  alignas(8) char filename_[128] = {}, name_[128] = {}, table_[128] = {}, code_[256] = {};
};

TEST_F(DescribeCode, SaysWhatIsThere) {
  ASSERT_TRUE(describe());
  EXPECT_EQ(std::string(static_cast<const char*>(description_.filename.characters), 4), "f.py");
  EXPECT_EQ(description_.name.length, 2u);
  EXPECT_EQ(description_.name.bytes_per_character, 2);
  EXPECT_EQ(description_.first_line, 42);
  EXPECT_EQ(description_.line_table_bytes, 3u);
  EXPECT_EQ(description_.bytecode_bytes, 10u);
}

TEST_F(DescribeCode, RefusesWhatIsNoCode) {
  put<const void*>(code_, kObjectType, &other_type_);
  EXPECT_FALSE(describe());
  EXPECT_FALSE(describe_code(interpreter_, nullptr, description_));
}

TEST_F(DescribeCode, RefusesWithoutInterpreter) {
  interpreter_.status = InterpreterStatus::Unknown;
  EXPECT_FALSE(describe());
}

TEST_F(DescribeCode, RefusesNameThatIsNoString) {
  put<const void*>(name_, kObjectType, &other_type_);
  EXPECT_FALSE(describe());
}

TEST_F(DescribeCode, RefusesMissingName) {
  put<const void*>(code_, interpreter_.layout.code_name, nullptr);
  EXPECT_FALSE(describe());
}

TEST_F(DescribeCode, RefusesLegacyAndUnreadyStrings) {
  put<std::uint32_t>(filename_, kTextState, 1u << 2 | 1u << 6 | 1u << 7);  // not compact
  EXPECT_FALSE(describe());
  put<std::uint32_t>(filename_, kTextState, 1u << 5);  // no kind: not ready
  EXPECT_FALSE(describe());
}

TEST_F(DescribeCode, RefusesNegativeSizes) {
  put<std::int64_t>(table_, kObjectSize, -1);
  EXPECT_FALSE(describe());
  put<std::int64_t>(table_, kObjectSize, 3);
  put<std::int64_t>(filename_, kTextLength, -1);
  EXPECT_FALSE(describe());
}

}  // namespace
}  // namespace pymemflow::pyframe
