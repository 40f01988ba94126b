#pragma once
// Describes the file of a program that is to be started: its path, its format, and why it cannot be
// started. One thread.

#include <string>

#include "cli/platform/program_image.h"

namespace pymemflow::cli {

struct ProgramFile {
  std::string asked;        // the name that the user gave
  std::string path;         // the file that was found; empty: none
  std::string problem;      // why it cannot be started; empty: it can
  std::string interpreter;  // of a script: its first line after "#!"
  platform::ProgramImage image;
  std::string extra_rights;  // "set-user-id to user 0, file capabilities"; empty: none
};

// Looks in the PATH as execvp() does.
ProgramFile examine_file(const std::string& name);

// True if the program is a Python or has one in it, or is a shell or another program that runs the
// program in its words, and these name a Python. `words`: each ends with a zero byte.
bool may_run_python(const std::string& name, const std::string& words);

// True if the loader is musl's. It ends a program when it cannot load a preloaded library, and it
// cannot load one for glibc, such as ours.
bool is_for_musl(const ProgramFile& file);

}  // namespace pymemflow::cli
