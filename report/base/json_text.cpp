#include "report/base/json_text.h"

#include <cstddef>

#include "report/base/digits.h"
#include "report/base/unsafe_character.h"

namespace pymemflow::report {
namespace {

// Returns the length of the UTF-8 character at the beginning of the text; 0 if there is none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool is_overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool is_surrogate = first == 0xed && byte(1) >= 0xa0;
    return continues(1) && continues(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool is_overlong = first == 0xf0 && byte(1) < 0x90;
    const bool is_too_large = first == 0xf4 && byte(1) >= 0x90;
    const bool is_whole = continues(1) && continues(2) && continues(3);
    return is_whole && !is_overlong && !is_too_large ? 4 : 0;
  }
  return 0;
}

}  // namespace

void append_json_string(String& text, std::string_view value) {
  text += '"';
  while (!value.empty()) {
    const std::size_t size = character_bytes(value);
    const char c = value.front();
    if (size == 0) {
      text += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (const UnsafeCharacter unsafe = unsafe_character(value); unsafe.bytes != 0) {
      constexpr char kDigits[] = "0123456789abcdef";
      text += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) text += kDigits[(unsafe.code >> shift) & 15];
    } else {
      text += value.substr(0, size);
    }
    value.remove_prefix(size == 0 ? 1 : size);
  }
  text += '"';
}

JsonText& JsonText::begin_object() {
  separate();
  text_ += '{';
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::end_object() {
  text_ += '}';
  needs_comma_ = true;
  return *this;
}

JsonText& JsonText::begin_array() {
  separate();
  text_ += '[';
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::end_array() {
  text_ += ']';
  needs_comma_ = true;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  separate();
  append_json_string(text_, name);
  text_ += ": ";
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  separate();
  append_json_string(text_, text);
  needs_comma_ = true;
  return *this;
}

JsonText& JsonText::value(std::uint64_t number) {
  separate();
  char digits[kMaxDecimalBytes];
  text_.append(digits, put_decimal(digits, number));
  needs_comma_ = true;
  return *this;
}

JsonText& JsonText::value(std::int64_t number) {
  separate();
  char digits[kMaxDecimalBytes + 1];
  text_.append(digits, put_signed_decimal(digits, static_cast<std::uint64_t>(number)));
  needs_comma_ = true;
  return *this;
}

JsonText& JsonText::value(bool is_true) {
  separate();
  text_ += is_true ? "true" : "false";
  needs_comma_ = true;
  return *this;
}

void JsonText::separate() {
  if (needs_comma_) text_ += ", ";
}

}  // namespace pymemflow::report
