#pragma once
// Options of commands that come from the table in options/options.def, and their meaning. One
// thread.

#include <initializer_list>
#include <string>

#include "cli/arguments/syntax.h"
#include "options/resolve.h"

namespace pymemflow::cli {

// Declares the options of these uses; their values go to `options`, which must outlive the syntax.
void add_options(Syntax& syntax, std::initializer_list<OptionUse> uses, Options& options);

// The options, resolved as in the library (options/resolve.h).
struct Resolved {
  RecordingOptions recording;
  ReportOptions report;
};
Error resolve(const Options& options, Resolved& resolved);

// The same for a command that records a program and prints no report.
Error check_recording(const Options& options);

// The option as the command line spells it: "--full-file-path", "--no-flow".
std::string spelling_of(const OptionRow& row);

}  // namespace pymemflow::cli
