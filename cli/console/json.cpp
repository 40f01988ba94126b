#include "cli/console/json.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "report/base/unsafe_character.h"

namespace pymemflow::cli {

using Library = nlohmann::ordered_json;

struct JsonValue {
  Library value;
};

namespace {

const Library& library_value(const void* value) {
  return *static_cast<const Library*>(value);
}

}  // namespace

JsonView Json::view() const {
  return JsonView(&value_->value);
}

std::optional<JsonView> JsonView::find(std::string_view name) const {
  const Library& object = library_value(value_);
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(std::string(name));
  if (found == object.end()) return std::nullopt;
  return JsonView(&*found);
}

std::optional<std::vector<std::pair<std::string, JsonView>>> JsonView::members() const {
  const Library& object = library_value(value_);
  if (!object.is_object()) return std::nullopt;
  std::vector<std::pair<std::string, JsonView>> members;
  for (auto member = object.begin(); member != object.end(); ++member) {
    members.emplace_back(member.key(), JsonView(&member.value()));
  }
  return members;
}

std::optional<std::uint64_t> JsonView::count() const {
  const Library& number = library_value(value_);
  if (!number.is_number_unsigned()) return std::nullopt;
  return number.get<std::uint64_t>();
}

Json::Json(std::unique_ptr<JsonValue> value) : value_(std::move(value)) {}
Json::Json(bool value) : value_(std::make_unique<JsonValue>(JsonValue{Library(value)})) {}
Json::Json(std::string_view text) : value_(std::make_unique<JsonValue>(JsonValue{Library(text)})) {}
Json::Json(Count number) : value_(std::make_unique<JsonValue>(JsonValue{Library(number.value)})) {}
Json::Json(Difference number)
    : value_(std::make_unique<JsonValue>(JsonValue{Library(number.value)})) {}
Json::Json(Fraction number)
    : value_(std::make_unique<JsonValue>(JsonValue{Library(number.value)})) {}
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::object() {
  return Json(std::make_unique<JsonValue>(JsonValue{Library::object()}));
}

Json Json::array() {
  return Json(std::make_unique<JsonValue>(JsonValue{Library::array()}));
}

std::optional<Json> Json::parse(std::string_view text) {
  Library value = Library::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return Json(std::make_unique<JsonValue>(JsonValue{std::move(value)}));
}

Json& Json::set(std::string_view name, Json value) & {
  value_->value[std::string(name)] = std::move(value.value_->value);
  return *this;
}

Json Json::set(std::string_view name, Json value) && {
  set(name, std::move(value));
  return std::move(*this);
}

Json& Json::append(Json value) {
  value_->value.push_back(std::move(value.value_->value));
  return *this;
}

std::string Json::text() const {
  std::string text;
  const std::string plain = value_->value.dump(2, ' ', false, Library::error_handler_t::replace);
  for (std::string_view rest = plain; !rest.empty();) {
    const report::UnsafeCharacter unsafe = report::unsafe_character(rest);
    // Newlines are those between the lines: the library has escaped those in strings.
    if (unsafe.bytes == 0 || rest.front() == '\n') {
      text += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    char code[8];
    std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(unsafe.code));
    text += code;
    rest.remove_prefix(unsafe.bytes);
  }
  return text;
}

std::string valid_utf8(const std::string& text) {
  const std::string quoted = Library(text).dump(-1, ' ', false, Library::error_handler_t::replace);
  return Library::parse(quoted).get<std::string>();
}

}  // namespace pymemflow::cli
