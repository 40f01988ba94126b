#pragma once
// Opens what is named as a capture on the command line. One thread.

#include <string>

namespace pymemflow::cli {

// Its descriptor, or -1 after a line on standard error that says what is wrong with it.
int open_capture(const std::string& path);

}  // namespace pymemflow::cli
