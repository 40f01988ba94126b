#pragma once
// Options as version 0.1 spelled them: `--flow 0`, `--full-file-path=1`. This version replaces them
// and says so; the next one will not know them. One thread.

#include <cstddef>
#include <string>
#include <vector>

#include "cli/arguments/command_line.h"

namespace pymemflow::cli {

// If the option at words[at] is an old spelling, adds its replacement and a notice to `taken`.
// Returns the number of words that it replaced; 0: it is not an old spelling.
std::size_t replace_old_spelling(const Syntax& syntax, const std::vector<std::string>& words,
                                 std::size_t at, CommandWords& taken);

}  // namespace pymemflow::cli
