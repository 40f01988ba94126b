#pragma once
// Compressed captures for the commands: every command reads them like captures, and some write
// them. One thread at a time for each file.

#include <cstdint>
#include <string>

#include "cli/console/messages.h"

namespace pymemflow::cli {

// The names of compressed captures end in this.
inline constexpr char kCompressedSuffix[] = ".pmz";

// If `file` is a compressed capture: closes it, and sets it to a temporary file without a name that
// holds the capture. Returns the reason why that cannot be done; then `file` is closed, and -1.
std::string replace_by_plain(int& file);

// Writes the capture at `from` in compressed form to `to`, a name that does not exist. The file has
// that name once it is complete. A capture that may still grow is refused. `is_joined`: whether the
// NAME.windows beside it belongs to it, and is part of the new file.
Error compress_capture(const std::string& from, const std::string& to, bool* is_joined = nullptr);

// Writes the compressed capture at `from` as a capture to `to`, in the same way. `lost`: the number
// of its stretches that cannot be restored.
Error decompress_capture(const std::string& from, const std::string& to, std::uint64_t& lost);

}  // namespace pymemflow::cli
