#pragma once
// Gathers the facts about a Python that `pymemflow doctor` judges (doctor_checks.h): how its file
// is started, what it says of itself, and which allocations of a small program are in the capture.
// Runs that program under the library. One thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/launch/program_file.h"
#include "cli/platform/protections.h"

namespace pymemflow::cli::doctor {

// Counts of the allocations that the small program makes in one way.
struct Measure {
  int made = 0;     // 0: it could not make any
  int seen = 0;     // of these, in the capture
  int on_line = 0;  // of these, on the line that made them
};

struct Probe {
  ProgramFile asked;
  // The Python itself, where `asked` is a script that starts it.
  ProgramFile python;
  // The system's protections as they concern `asked`; empty: the system has none.
  std::vector<platform::Protection> protections;
  // Python's answers to the questions of probe.cpp, by name; empty: no Python ran.
  std::map<std::string, std::string> answers;
  int status = 0;
  int seconds = 0;            // the time that the small program had
  bool is_killed = false;     // it did not end by itself in that time
  std::string said;           // its standard error, with messages of the loader and the library
  bool has_untraced = false;  // it answered only without the library
  bool has_capture = false;   // the library was loaded and recorded
  std::string interpreter;    // of the capture: MetadataKind::Interpreter, Layout, Allocators
  std::string layout;
  std::string allocators;
  Measure small, large, library;  // small objects, large objects, calls of the C library

  std::string_view answer(const std::string& name) const {
    const auto found = answers.find(name);
    return found == answers.end() ? std::string_view() : std::string_view(found->second);
  }
  bool has_python() const { return !answers.empty(); }
};

// Runs the program at most twice. Kills it, and the programs that it started, after that time.
Probe probe(const std::string& python, int seconds);

}  // namespace pymemflow::cli::doctor
