#pragma once
// Numbers as text, straight into a buffer that has room for kMaxDecimalBytes or kMaxHexBytes. The
// rate of flow lines depends on these functions. Pure; each returns the end of what it wrote.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pymemflow::report {

inline constexpr int kMaxDecimalBytes = 20;
inline constexpr int kMaxHexBytes = 16;

namespace detail {

// All pairs of digits of a base, "00", "01" and so on, so that a division yields two digits.
template <std::size_t kBase>
struct DigitPairs {
  char text[2 * kBase * kBase];
  constexpr DigitPairs() : text() {
    for (std::size_t i = 0; i < kBase * kBase; ++i) {
      text[2 * i] = "0123456789abcdef"[i / kBase];
      text[2 * i + 1] = "0123456789abcdef"[i % kBase];
    }
  }
};
inline constexpr DigitPairs<10> kDecimalPairs;
inline constexpr DigitPairs<16> kHexPairs;

}  // namespace detail

inline char* put_decimal(char* out, std::uint64_t value) {
  char digits[kMaxDecimalBytes];
  char* first = digits + kMaxDecimalBytes;
  while (value >= 100) {
    first -= 2;
    std::memcpy(first, &detail::kDecimalPairs.text[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    first -= 2;
    std::memcpy(first, &detail::kDecimalPairs.text[2 * value], 2);
  } else {
    *--first = static_cast<char>('0' + value);
  }
  const auto size = static_cast<std::size_t>(digits + kMaxDecimalBytes - first);
  std::memcpy(out, first, size);
  return out + size;
}

inline char* put_signed_decimal(char* out, std::uint64_t bits) {
  if (static_cast<std::int64_t>(bits) >= 0) return put_decimal(out, bits);
  *out++ = '-';
  return put_decimal(out, 0 - bits);
}

inline char* put_hex(char* out, std::uint64_t value) {
  const int digits = (static_cast<int>(std::bit_width(value | 1)) + 3) / 4;
  char* first = out + digits;
  while (first - out >= 2) {
    first -= 2;
    std::memcpy(first, &detail::kHexPairs.text[2 * (value & 0xff)], 2);
    value >>= 8;
  }
  if (first != out) *out = "0123456789abcdef"[value];
  return out + digits;
}

}  // namespace pymemflow::report
