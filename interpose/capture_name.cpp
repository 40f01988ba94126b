#include "interpose/capture_name.h"

#include <charconv>
#include <cstring>

namespace pymemflow::interpose {

bool CaptureName::make(std::string_view pattern, std::uint32_t process, Suffix suffix) {
  char digits[16];
  const char* const digits_end = std::to_chars(digits, digits + sizeof digits, process).ptr;
  const std::string_view number(digits, static_cast<std::size_t>(digits_end - digits));
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
    if (!append(is_process ? number : pattern.substr(i, 1))) return false;
    if (is_process || two == "%%") ++i;
    is_numbered = is_numbered || is_process;
  }
  const bool has_suffix =
      suffix == Suffix::Always || (suffix == Suffix::WithoutNumber && !is_numbered);
  return !has_suffix || (append(".") && append(number));
}

}  // namespace pymemflow::interpose
