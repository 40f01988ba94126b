#pragma once
// Decides which characters must not reach a person raw: those that control a terminal, end a line,
// or show text in another order than that of its bytes. All text from a program, a capture or the
// environment is escaped by this one rule. Pure; allocates nothing; any thread.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pymemflow::report {

struct UnsafeCharacter {
  std::size_t bytes = 0;   // of its UTF-8; 0: the text does not begin with such a character
  std::uint32_t code = 0;  // the code point
};

// Tells whether `text` begins with an unsafe character: U+0000 to U+001F, U+007F to U+009F, the
// line separators U+2028 and U+2029, and the controls of direction U+202A to U+202E and U+2066 to
// U+2069.
constexpr UnsafeCharacter unsafe_character(std::string_view text) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (text.empty()) return {};
  if (byte(0) < 0x20 || byte(0) == 0x7f) return {1, byte(0)};
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) return {2, byte(1)};
  if (byte(0) != 0xe2 || (byte(1) != 0x80 && byte(1) != 0x81)) return {};
  const std::uint32_t last = byte(2);
  const bool is_unsafe = byte(1) == 0x80 ? last >= 0xa8 && last <= 0xae   // U+2028 to U+202E
                                         : last >= 0xa6 && last <= 0xa9;  // U+2066 to U+2069
  if (!is_unsafe) return {};
  return {3, 0x2000U + ((byte(1) & 0x3fU) << 6) + (last & 0x3fU)};
}

// Returns the length of the UTF-8 character at the beginning of the text; 0 if there is none.
constexpr std::size_t character_bytes(std::string_view text) {
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

}  // namespace pymemflow::report
