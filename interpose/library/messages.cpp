#include "interpose/library/messages.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "platform/process.h"
#include "report/base/unsafe_character.h"

namespace pymemflow::interpose {
namespace {

// Replaces unsafe characters in quoted values and paths, so that the line stays one line and cannot
// control a terminal.
void replace_unsafe(std::span<char> line) {
  for (std::size_t i = 0; i < line.size();) {
    const std::string_view rest(line.data() + i, line.size() - i);
    const std::size_t unsafe = report::unsafe_character(rest).bytes;
    std::fill_n(line.begin() + static_cast<std::ptrdiff_t>(i), unsafe, '?');
    i += unsafe == 0 ? 1 : unsafe;
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
  replace_unsafe({line, length});
  line[length++] = '\n';
  platform::write_line({line, length});
}

}  // namespace pymemflow::interpose
