#pragma once
// Appends parts of JSON to a text. The library writes JSON too, where nlohmann/json cannot go: it
// throws, and its code is as large as the rest of the report side. Pure; report side.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

// In quotes. Bytes that are not UTF-8 become U+FFFD; unsafe characters (unsafe_character.h) are
// escaped.
void append_json_string(String& text, std::string_view value);

// Writes objects and arrays, with commas where they belong.
class JsonText {
 public:
  explicit JsonText(String& text) : text_(text) {}

  JsonText& begin_object();
  JsonText& end_object();
  JsonText& begin_array();
  JsonText& end_array();
  // The name of the next value of an object.
  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(std::uint64_t number);
  JsonText& value(std::int64_t number);
  JsonText& value(bool is_true);
  JsonText& null();

  template <typename Value>
  JsonText& field(std::string_view name, const Value& item) {
    return key(name).value(item);
  }

 private:
  void separate();

  String& text_;
  bool needs_comma_ = false;
};

}  // namespace pymemflow::report
