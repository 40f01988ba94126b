#include "report/base/json_text.h"

#include <cstddef>

#include "report/base/digits.h"
#include "report/base/unsafe_character.h"

namespace pymemflow::report {

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

JsonText& JsonText::null() {
  separate();
  text_ += "null";
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
