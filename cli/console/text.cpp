#include "cli/console/text.h"

#include "report/base/names.h"

namespace pymemflow::cli {

std::string printable(const std::string& text) {
  const report::Names names;
  return std::string(report::shown_function(names, text));
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
