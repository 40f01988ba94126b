#pragma once
// Tells how the words of a traced program are run. One thread.

#include <string>
#include <vector>

namespace pymemflow::cli {

// The Python that `python -m pymemflow` runs on, or "python3", which is looked up in the PATH. The
// module names it in the environment. The first call removes the variable, so call this before a
// program is started.
const std::string& default_python();

// Puts default_python() in front of script.py, -m and -c; other programs run as they are.
std::vector<std::string> with_python(const std::vector<std::string>& program);

}  // namespace pymemflow::cli
