#pragma once
// Reads and writes whole files. One thread.

#include <string>

#include "cli/console/messages.h"

namespace pymemflow::cli {

Error read_file(const std::string& path, std::string& text);

// Replaces the user's own regular file by rename, so a reader never sees half of it; a new file is
// readable by its owner alone. Anything else is written in place, by the rules of
// report/base/output_file.h. A capture is never replaced.
Error write_file(const std::string& path, const std::string& text);

// The name of an output in a message: "standard output" for -.
std::string shown_output(const std::string& path);

// True if both paths lead to one regular file, by whatever names or links.
bool is_same_file(const std::string& a, const std::string& b);

// The folder for temporary files: that of TMPDIR, or /tmp.
std::string temporary_folder();

}  // namespace pymemflow::cli
