#include "cli/console/text.h"

#include <cstdio>
#include <string_view>

#include "report/base/names.h"
#include "report/base/unsafe_character.h"

namespace pymemflow::cli {

std::string printable(const std::string& text) {
  const report::Names names;
  const std::string escaped(report::shown_function(names, text));
  std::string shown;
  for (std::string_view rest = escaped; !rest.empty();) {
    const std::size_t bytes = report::character_bytes(rest);
    if (bytes == 0) {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(rest.front()));
      shown += code;
    }
    shown += rest.substr(0, bytes);
    rest.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return shown;
}

std::string printable_lines(const std::string& text) {
  std::string lines;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find('\n', start);
    lines += printable(text.substr(start, end - start));
    if (end == std::string::npos) return lines;
    lines += '\n';
    start = end + 1;
  }
}

}  // namespace pymemflow::cli
