#pragma once
// What the command must know of the system: how a library is put in front of a program, where the
// command itself lies, what the system does against tracing. One thread.

#include <string>
#include <vector>

namespace pymemflow::cli::platform {

// The variable that names the libraries to put first, the name of ours, what the loader splits its
// value at, and what a path in it may not have.
extern const char* const kPreloadVariable;
extern const char* const kLibraryName;
extern const char* const kNotInPreload;

// The folder of the running command.
std::string own_folder();

// Children whose parents end before them become this process's, where the system can do that.
void adopt_orphans();

// A protection of the system, and what it does to tracing.
struct Protection {
  std::string name;     // "System Integrity Protection"
  std::string state;    // "on", "off", "unknown"
  std::string meaning;  // a sentence: what that means here, and what to do
  bool is_in_the_way = false;
};

// Those that concern the program that `words` would run; without words those of the system. Runs
// programs of the system's to find out.
std::vector<Protection> protections(const std::vector<std::string>& words);

// Why the library would not be loaded into the program, as one line; empty: it would.
std::string reason_not_traceable(const std::vector<std::string>& words);

}  // namespace pymemflow::cli::platform
