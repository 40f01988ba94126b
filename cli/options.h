#pragma once
// The rows of interpose/options.def as options of a verb. One thread.

#include "cli/cli11.h"
#include "interpose/options.h"

namespace pymemflow::cli {

// Declares those of one use; their values go to `options`, which must outlive the parsing. A switch
// may stand alone: --full-file-path is --full-file-path=1.
void add_options(CLI::App& command, interpose::OptionUse use, interpose::Options& options);

}  // namespace pymemflow::cli
