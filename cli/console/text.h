#pragma once
// Text from a program, such as names and arguments, made safe for a terminal. Pure.

#include <string>

namespace pymemflow::cli {

// Writes unsafe characters (report/base/unsafe_character.h), and bytes that are not UTF-8, as \xNN.
std::string printable(const std::string& text);
// The same for each line; newlines stay.
std::string printable_lines(const std::string& text);

}  // namespace pymemflow::cli
