#include "report/view/moment.h"

#include <fmt/core.h>

#include <iterator>

namespace pymemflow::report {
namespace {

constexpr std::string_view kSectionMarks[] = {" begin", " end"};  // by SectionSide

// Reads digits at the beginning of the text, and removes them. Saturates.
std::uint64_t take_digits(std::string_view& text) {
  constexpr std::uint64_t kLargest = 1'000'000'000'000;
  std::uint64_t number = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (number < kLargest) number = number * 10 + static_cast<std::uint64_t>(text[0] - '0');
    text.remove_prefix(1);
  }
  return number < kLargest ? number : kLargest;
}

// False: it is no time.
bool parse_time(std::string_view text, std::uint64_t& ns) {
  std::uint64_t unit = 1'000'000'000;
  if (text.ends_with("ms")) {
    unit = 1'000'000;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  } else {
    return false;
  }
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  // 10^12 s are more than the clock can count.
  const std::uint64_t whole = take_digits(text);
  ns = whole > 10'000'000'000 ? ~std::uint64_t{0} : whole * unit;
  if (text.empty()) return true;
  if (text[0] != '.') return false;
  text.remove_prefix(1);
  if (text.empty()) return false;
  for (std::uint64_t part = unit / 10; !text.empty(); part /= 10) {
    if (text[0] < '0' || text[0] > '9') return false;
    ns += part * static_cast<std::uint64_t>(text[0] - '0');
    text.remove_prefix(1);
  }
  return true;
}

// The number of "NAME:3", and the length of the name. False: there is none.
bool split_number(std::string_view text, std::string_view& name, std::uint64_t& number) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  std::string_view digits = text.substr(colon + 1);
  number = take_digits(digits);
  name = text.substr(0, colon);
  return digits.empty() && number != 0;
}

}  // namespace

MomentAsked parse_moment(std::string_view option, std::string_view text, SectionSide side) {
  MomentAsked asked;
  asked.option = option;
  asked.text = text;
  if (text.empty() || text == "end") return asked;
  if (text == "start" || text == "peak") {
    asked.kind = text == "start" ? MomentKind::Start : MomentKind::Peak;
    return asked;
  }
  if (parse_time(text, asked.after_ns)) {
    asked.kind = MomentKind::Time;
    return asked;
  }
  asked.kind = MomentKind::Mark;
  const auto add = [&](std::string_view name, std::string_view more, std::uint64_t number) {
    MarkAsked& mark = asked.marks.emplace_back();
    mark.name = name;
    mark.name += more;
    mark.number = number;
  };
  const std::string_view of_section = kSectionMarks[static_cast<std::size_t>(side)];
  std::string_view name;
  std::uint64_t number = 0;
  const bool has_number = split_number(text, name, number);
  add(text, {}, 0);
  if (has_number) add(name, {}, number);
  add(text, of_section, 0);
  if (has_number) add(name, of_section, number);
  return asked;
}

String seconds_text(std::uint64_t ns) {
  String text;
  fmt::format_to(std::back_inserter(text), "{}.{:03} s", ns / 1'000'000'000, ns / 1'000'000 % 1000);
  return text;
}

}  // namespace pymemflow::report
