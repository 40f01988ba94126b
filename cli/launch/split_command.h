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

// The Python that `python -m pymemflow` runs on, or "python3", which is looked up in the PATH. The
// module names it in the environment; the first call takes it out of there, so call it before a
// program is started.
const std::string& default_python();

// script.py, -m and -c go to default_python(); anything else runs as it is.
std::vector<std::string> with_python(const std::vector<std::string>& program);

}  // namespace pymemflow::cli
