#pragma once
// What the system does against libraries that are put in front of a program. One thread.

#include <string>
#include <vector>

namespace pymemflow::cli::platform {

struct Protection {
  std::string name;     // "System Integrity Protection"
  std::string state;    // "on", "off", "unknown"
  std::string meaning;  // what that means for the program
  std::string advice;   // what to do; empty: nothing
  bool is_in_the_way = false;
};

// Those of the system, as they concern the program that `words` would run, always in one order;
// none where the system has no such thing. Runs programs of the system's to find out.
std::vector<Protection> protections(const std::vector<std::string>& words);

// Why the library would not be loaded into that program, and what to do, as one line; empty: it
// would.
std::string reason_not_traceable(const std::vector<std::string>& words);

}  // namespace pymemflow::cli::platform
