#pragma once
// Options of a verb: the rows of options/options.def, and sizes. One thread.

#include <cstdint>
#include <optional>

#include "cli/commands/cli11.h"
#include "options/options.h"

namespace pymemflow::cli {

// Declares those of one use; their values go to `options`, which must outlive the parsing. A switch
// may stand alone: --full-file-path is --full-file-path=1.
void add_options(CLI::App& command, OptionUse use, Options& options);

// Declares an option that takes a size, as `limit`.
void add_size(CLI::App& command, const char* name, std::optional<std::uint64_t>& limit,
              const char* sentence);

}  // namespace pymemflow::cli
