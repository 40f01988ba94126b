#include "report/replay/live_profile.h"

#include <fmt/core.h>

#include <iterator>

namespace pymemflow::report {
namespace {

void append_quoted(String& text, std::string_view value) {
  text += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < ' ') {
      fmt::format_to(std::back_inserter(text), "\\u{:04x}", byte);
    } else {
      text += c;
    }
  }
  text += '"';
}

void append_field(String& text, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(text), "\"{}\": ", name);
  append_quoted(text, value);
  text += ", ";
}

void append_place(String& text, const PlaceChange& place) {
  text += '{';
  if (place.place.has_frame) {
    append_field(text, "file", place.place.file);
    fmt::format_to(std::back_inserter(text), "\"line\": {}, ", place.place.line);
    append_field(text, "function", place.place.function);
  } else {
    append_field(text, "engine_caller", place.place.caller);
    append_field(text, "module", place.place.module);
  }
  fmt::format_to(std::back_inserter(text), "\"blocks\": {}, \"bytes\": {}}}", place.change.blocks,
                 place.change.bytes);
}

}  // namespace

std::string_view LiveUsage::follow(std::uint64_t stamp) {
  if (const CaptureError error = reader_.follow(stamp); error != CaptureError::None) {
    return describe(error);
  }
  if (const std::string_view problem = usage_problem(reader_); !problem.empty()) return problem;
  if (!builder_) builder_.emplace(reader_, symbols_, Marks::Keep::Nothing);
  Event event;
  const Site* site = nullptr;
  while (reader_.next(event, site)) builder_->on_event(event, site);
  return {};
}

Amount LiveUsage::alive() const {
  const Holding& total = builder_->ledger().total();
  return {total.blocks, total.bytes};
}

String LiveUsage::growth_since(std::string_view mark) {
  Growth growth;
  if (!builder_->marks().since(mark, growth)) return {};
  const std::uint64_t alive_then = alive().bytes - static_cast<std::uint64_t>(growth.alive.bytes);
  String text = "{";
  append_field(text, "mark", growth.since);
  fmt::format_to(std::back_inserter(text),
                 "\"alive\": {{\"blocks\": {}, \"bytes\": {}}}, "
                 "\"growth\": {{\"blocks\": {}, \"bytes\": {}}}, \"peak_bytes\": {}, "
                 "\"places\": [",
                 growth.alive.blocks, growth.alive.bytes, growth.counted.blocks,
                 growth.counted.bytes, growth.peak_bytes - alive_then);
  bool is_first = true;
  for (const PlaceChange& place : builder_->places_of(growth)) {
    if (!is_first) text += ", ";
    is_first = false;
    append_place(text, place);
  }
  text += "]}";
  return text;
}

}  // namespace pymemflow::report
