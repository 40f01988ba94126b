#pragma once
// Runs a Python program several times in one process, with a mark before each time and after the
// last: rounds for a program that sets no marks. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console/messages.h"

namespace pymemflow::cli {

inline constexpr char kRepeatedMark[] = "repetition";

// Replaces the program of `words` (python [OPTION]... script.py | -m MODULE | -c TEXT, and its
// arguments) by one that runs it `times` times. An error: the words are not of that form.
Error repeat(std::vector<std::string>& words, std::uint64_t times);

}  // namespace pymemflow::cli
