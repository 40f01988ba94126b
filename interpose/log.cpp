#include "interpose/log.h"

#include <algorithm>
#include <cstring>

#include "interpose/platform/platform.h"

namespace pymemflow::interpose {

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
  // What is quoted (a value, a path) may hold anything; the line stays one line.
  std::replace_if(
      line, line + length, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  line[length++] = '\n';
  platform::write_line({line, length});
}

}  // namespace pymemflow::interpose
