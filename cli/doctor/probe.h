#pragma once
// What `pymemflow doctor` finds out of a Python before it judges (doctor_checks.h): how its file is
// started, what it says of itself, and what of a small program's memory is in a capture. One
// thread; runs the program, and reads the capture that came of it.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/platform/program_image.h"
#include "cli/platform/protections.h"

namespace pymemflow::cli::doctor {

// A file that is to be started.
struct ProgramFile {
  std::string asked;        // as it was named
  std::string path;         // where that was found; empty: nowhere
  std::string problem;      // why it cannot be started; empty: it can
  std::string interpreter;  // of a script: what its first line names
  platform::ProgramImage image;
  std::string extra_rights;  // "set-user-id, owned by 0", "file capabilities"; empty: none
};
ProgramFile examine_file(const std::string& name);
// Its loader is musl's, which ends a program that it cannot load a preloaded library into: one for
// glibc, as ours is.
bool is_for_musl(const ProgramFile& file);

// Of the allocations that the small program makes in one way: how many there were, how many of them
// are in the capture, and how many of these are on the line that made them.
struct Measure {
  int made = 0;  // 0: it could not
  int seen = 0;
  int placed = 0;
};

struct Examination {
  ProgramFile asked;
  // What it came to be: where a script was asked for, the Python behind it.
  ProgramFile python;
  // Of the system's, as they concern what was asked for; empty: it has none.
  std::vector<platform::Protection> protections;
  // What Python says of itself; empty: none ran. The names are those of kQuestions.
  std::map<std::string, std::string> answers;
  int status = 0;
  bool is_killed = false;     // since it did not end by itself
  std::string said;           // on its standard error: the loader's word, and the library's
  bool has_untraced = false;  // it gave answers only where the library was left out
  bool has_capture = false;   // the library was there, and recorded
  std::string interpreter;    // of the capture: MetadataKind::Interpreter, Layout, Allocators
  std::string layout;
  std::string allocators;
  Measure small, large, library;  // small and large objects, and calls of the C library

  std::string_view answer(const std::string& name) const {
    const auto found = answers.find(name);
    return found == answers.end() ? std::string_view() : std::string_view(found->second);
  }
  bool has_python() const { return !answers.empty(); }
};

Examination examine(const std::string& python);

}  // namespace pymemflow::cli::doctor
