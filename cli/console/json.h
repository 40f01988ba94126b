#pragma once
// JSON values, written and read. The library behind them is included by json.cpp alone, because its
// headers take longer to compile than all else. One thread.

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pymemflow::cli {

struct JsonValue;

// A value within a Json, which must outlive this.
class JsonView {
 public:
  // A member of an object.
  std::optional<JsonView> find(std::string_view name) const;
  // All members of an object, in the order of the text. None: it is not an object.
  std::optional<std::vector<std::pair<std::string, JsonView>>> members() const;
  // A number that is neither negative nor has a fraction.
  std::optional<std::uint64_t> count() const;

 private:
  friend class Json;
  explicit JsonView(const void* value) : value_(value) {}

  const void* value_;  // of the library's type
};

class Json {
 public:
  static Json object();
  static Json array();
  // None: the text is not JSON.
  static std::optional<Json> parse(std::string_view text);

  Json(bool value);             // NOLINT(google-explicit-constructor)
  Json(std::string_view text);  // NOLINT(google-explicit-constructor)
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  template <std::unsigned_integral Number>
  Json(Number number) : Json(Count{number}) {}
  template <std::signed_integral Number>
  Json(Number number) : Json(Difference{number}) {}
  template <std::floating_point Number>
  Json(Number number) : Json(Fraction{number}) {}
  Json(Json&& other) noexcept;
  Json& operator=(Json&& other) noexcept;
  ~Json();

  // Adds a member to an object. Members stay in the order in which they were added.
  Json& set(std::string_view name, Json value) &;
  Json set(std::string_view name, Json value) &&;
  // Adds an element to an array.
  Json& append(Json value);

  JsonView view() const;

  // Indented text. Names out of a program need not be UTF-8: invalid bytes become U+FFFD.
  // Unsafe characters (report/base/unsafe_character.h) are escaped.
  std::string text() const;

 private:
  struct Count {
    std::uint64_t value;
  };
  struct Difference {
    std::int64_t value;
  };

  struct Fraction {
    double value;
  };

  explicit Json(std::unique_ptr<JsonValue> value);
  explicit Json(Count number);
  explicit Json(Difference number);
  explicit Json(Fraction number);

  std::unique_ptr<JsonValue> value_;
};

// The text with U+FFFD for each sequence of bytes that is not UTF-8.
std::string valid_utf8(const std::string& text);

}  // namespace pymemflow::cli
