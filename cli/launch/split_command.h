#pragma once
// Where the command's own options end and the program begins: `pymemflow run --summary -m json.tool
// file` runs the module. One thread.

#include <string>
#include <vector>

#include "cli/commands/cli11.h"

namespace pymemflow::cli {

// How many of the words are the command's: up to "--", or to the first word behind the verb that is
// neither one of its options (which begin with two dashes, or are -h) nor the value of one.
int count_own_words(const CLI::App& verb, int count, char** words);

// script.py, -m and -c go to the python3 of the PATH; anything else runs as it is.
std::vector<std::string> with_python(const std::vector<std::string>& program);

}  // namespace pymemflow::cli
