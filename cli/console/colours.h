#pragma once
// Colours on a terminal, and nothing elsewhere: https://no-color.org. One thread.

#include <cstdio>
#include <string>

namespace pymemflow::cli {

enum class Colour { Bad, Good, Subject };

// `text` in the colour, if `out` is a terminal that has any and NO_COLOR is not set; null: no
// terminal.
std::string coloured(Colour colour, const std::string& text, std::FILE* out);

}  // namespace pymemflow::cli
