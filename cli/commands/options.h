#pragma once
// Options of commands that come from the table in options/options.def. One thread.

#include <initializer_list>
#include <string>

#include "cli/commands/syntax.h"
#include "options/options.h"

namespace pymemflow::cli {

// Declares the options of these uses; their values go to `options`, which must outlive the syntax.
// Options that the environment gives are the defaults if `reads_environment`.
void add_options(Syntax& syntax, std::initializer_list<OptionUse> uses, Options& options);

// The option as the command line spells it: "--full-file-path", "--no-flow".
std::string spelling_of(const OptionRow& row);

}  // namespace pymemflow::cli
