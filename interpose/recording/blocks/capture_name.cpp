#include "interpose/recording/blocks/capture_name.h"

#include <charconv>
#include <cstring>

#include "platform/clock.h"

namespace pymemflow::interpose {
namespace {

template <std::size_t kSize>
std::string_view decimal(char (&digits)[kSize], std::uint64_t number) {
  return {digits,
          static_cast<std::size_t>(std::to_chars(digits, digits + kSize, number).ptr - digits)};
}

}  // namespace

bool CaptureName::is_unique(std::string_view pattern) {
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    if (pattern[++i] == 't') return true;
  }
  return false;
}

bool CaptureName::make(std::string_view pattern, std::uint32_t process, Suffix suffix) {
  char process_digits[16];
  char time_digits[32];
  const std::string_view number = decimal(process_digits, process);
  const std::string_view time = decimal(time_digits, platform::monotonic_ns());
  std::size_t used = 0;
  const auto append = [&](std::string_view more) {
    if (more.size() >= kMaxBytes - used) return false;
    std::memcpy(text + used, more.data(), more.size());
    used += more.size();
    text[used] = '\0';
    return true;
  };
  bool is_numbered = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = pattern.substr(i, 2);
    const bool is_process = two == "%p";
    const bool is_time = two == "%t";
    if (!append(is_process ? number : is_time ? time : pattern.substr(i, 1))) return false;
    if (is_process || is_time || two == "%%") ++i;
    is_numbered = is_numbered || is_process;
  }
  const bool has_suffix =
      suffix == Suffix::Always || (suffix == Suffix::WithoutNumber && !is_numbered);
  return !has_suffix || (append(".") && append(number));
}

bool CaptureName::append(unsigned number) {
  char digits[16];
  const std::string_view decimals = decimal(digits, number);
  const std::size_t used = std::strlen(text);
  if (used + 1 + decimals.size() >= kMaxBytes) return false;
  text[used] = '.';
  std::memcpy(text + used + 1, decimals.data(), decimals.size());
  text[used + 1 + decimals.size()] = '\0';
  return true;
}

}  // namespace pymemflow::interpose
