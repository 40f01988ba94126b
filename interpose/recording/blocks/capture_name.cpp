#include "interpose/recording/blocks/capture_name.h"

#include <cstring>

#include "platform/clock.h"
#include "platform/path_text.h"

namespace pymemflow::interpose {

bool CaptureName::contains(std::string_view pattern, char code) {
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    if (pattern[++i] == code) return true;
  }
  return false;
}

bool CaptureName::make(std::string_view pattern, std::uint32_t process, Suffix suffix) {
  platform::PathText name(text);
  const std::uint64_t time_ns = platform::monotonic_ns();
  bool is_numbered = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = pattern.substr(i, 2);
    const bool is_process = two == "%p";
    const bool is_time = two == "%t";
    if (is_process || is_time) {
      name.add(is_process ? process : time_ns);
    } else {
      name.add(pattern.substr(i, 1));
    }
    if (is_process || is_time || two == "%%") ++i;
    is_numbered = is_numbered || is_process;
  }
  const bool has_suffix =
      suffix == Suffix::Always || (suffix == Suffix::WithoutNumber && !is_numbered);
  if (has_suffix) name.add(".").add(process);
  return name.fits();
}

bool CaptureName::append(unsigned number) {
  return platform::PathText(text, std::strlen(text)).add(".").add(number).fits();
}

bool CaptureName::append(std::string_view suffix) {
  return platform::PathText(text, std::strlen(text)).add(suffix).fits();
}

}  // namespace pymemflow::interpose
