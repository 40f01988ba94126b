#include "options/sizes.h"

namespace pymemflow {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// 0: the text is not a unit.
std::uint64_t parse_unit(std::string_view unit) {
  if (unit.empty() || (unit.size() == 1 && lower(unit[0]) == 'b')) return 1;
  const std::size_t power = std::string_view("kmgt").find(lower(unit[0]));
  if (power == std::string_view::npos) return 0;
  unit.remove_prefix(1);
  const bool is_decimal = unit.size() == 1 && lower(unit[0]) == 'b';
  const bool is_binary =
      unit.empty() || (unit.size() == 2 && lower(unit[0]) == 'i' && lower(unit[1]) == 'b');
  if (!is_decimal && !is_binary) return 0;
  std::uint64_t factor = 1;
  for (std::size_t i = 0; i <= power; ++i) factor *= is_decimal ? 1000 : 1024;
  return factor;
}

}  // namespace

bool parse_size(std::string_view text, std::uint64_t& bytes) {
  std::size_t at = 0;
  std::uint64_t whole = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (__builtin_mul_overflow(whole, std::uint64_t{10}, &whole) ||
        __builtin_add_overflow(whole, static_cast<std::uint64_t>(text[at] - '0'), &whole)) {
      return false;
    }
  }
  if (at == 0) return false;
  std::uint64_t fraction = 0;  // in parts of `scale`
  std::uint64_t scale = 1;
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    for (; at < text.size() && is_digit(text[at]) && at - first < 6; ++at) {
      fraction = fraction * 10 + static_cast<std::uint64_t>(text[at] - '0');
      scale *= 10;
    }
    if (at == first) return false;
  }
  const std::uint64_t unit = parse_unit(text.substr(at));
  if (unit == 1 && scale != 1) return false;  // a part of a byte: its unit was forgotten
  const bool is_zero = whole == 0 && fraction == 0;
  if (unit == 0 || __builtin_mul_overflow(whole, unit, &whole)) return false;
  const bool is_too_large = __builtin_add_overflow(
      whole, unit / scale * fraction + unit % scale * fraction / scale, &bytes);
  return !is_too_large && (bytes != 0 || is_zero);
}

}  // namespace pymemflow
