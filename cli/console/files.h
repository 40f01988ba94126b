#pragma once
// Reads and writes whole files. One thread.

#include <string>

#include "cli/console/messages.h"

namespace pymemflow::cli {

Error read_file(const std::string& path, std::string& text);

// Replaces a regular file by rename, so a reader never sees half of it; a new file is readable by
// its owner alone. Pipes and devices cannot be replaced and are written to directly. Symlinks
// follow the rules of report/base/output_file.h.
Error write_file(const std::string& path, const std::string& text);

}  // namespace pymemflow::cli
