#pragma once
// Protections of the system that prevent a library from being preloaded. One thread.

#include <string>
#include <vector>

namespace pymemflow::cli::platform {

struct Protection {
  std::string name;     // "System Integrity Protection"
  std::string state;    // "on", "off", "unknown"
  std::string meaning;  // the effect on the program
  std::string advice;   // what to do; empty: nothing
  bool prevents_tracing = false;
};

// The protections as they concern the program that `words` would run, always in the same order;
// empty if the system has none. Runs programs of the system to find out.
std::vector<Protection> protections(const std::vector<std::string>& words);

// One line that says why the library would not be loaded into that program, and what to do. Empty:
// it would be loaded.
std::string reason_not_traceable(const std::vector<std::string>& words);

}  // namespace pymemflow::cli::platform
