#include "interpose/library/messages.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "platform/process.h"

namespace pymemflow::interpose {
namespace {

// Replaces control characters in quoted values and paths, so that the line stays one line and
// cannot control a terminal. U+0080 to U+009F are control characters too.
void without_controls(std::span<char> line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_c1 = i + 1 < line.size() && line[i] == '\xc2' && (line[i + 1] & '\xe0') == '\x80';
    if (is_c1) line[i] = line[i + 1] = '?';
    if (static_cast<unsigned char>(line[i]) < ' ' || line[i] == '\x7f') line[i] = '?';
  }
}

}  // namespace

void say(std::initializer_list<std::string_view> parts) {
  char line[1024];
  constexpr std::string_view kPrefix = "pymemflow: ";
  std::size_t length = 0;
  const auto append = [&](std::string_view part) {
    const std::size_t room = sizeof line - 1 - length;
    const std::size_t taken = std::min(part.size(), room);
    std::memcpy(line + length, part.data(), taken);
    length += taken;
  };
  append(kPrefix);
  for (const std::string_view part : parts) append(part);
  without_controls({line, length});
  line[length++] = '\n';
  platform::write_line({line, length});
}

}  // namespace pymemflow::interpose
