#include "cli/console/colours.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace pymemflow::cli {
namespace {

// By Colour.
constexpr const char* kStarts[] = {"\033[1;31m", "\033[32m", "\033[1m"};
constexpr const char* kEnd = "\033[0m";

bool has_colours(std::FILE* out) {
  if (out == nullptr) return false;
  const char* const unwanted = std::getenv("NO_COLOR");
  if (unwanted != nullptr && *unwanted != '\0') return false;
  const char* const terminal = std::getenv("TERM");
  if (terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  return ::isatty(::fileno(out)) != 0;
}

}  // namespace

std::string coloured(Colour colour, const std::string& text, std::FILE* out) {
  if (!has_colours(out)) return text;
  return kStarts[static_cast<int>(colour)] + text + kEnd;
}

}  // namespace pymemflow::cli
