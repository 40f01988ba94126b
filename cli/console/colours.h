#pragma once
// Colours for terminals. Other outputs get none, by the rules of https://no-color.org. One thread.

#include <cstdio>
#include <string>

namespace pymemflow::cli {

enum class Colour { Bad, Good, Subject };

// The text in that colour if `out` is a terminal with colours and NO_COLOR is not set; else the
// text. A null `out` is not a terminal.
std::string coloured(Colour colour, const std::string& text, std::FILE* out);

}  // namespace pymemflow::cli
