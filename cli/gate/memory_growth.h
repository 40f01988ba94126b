#pragma once
// The growth of a process in memory besides blocks: Python's arenas, mappings of libraries, and the
// resident set. Every verdict says it, since a leak may lie in it. Pure.

#include <string>

#include "cli/console/json.h"
#include "cli/gate/gate.h"

namespace pymemflow::cli {

// A line for each that grew, as "pymemflow: process 4711: Python's arenas grew by ..."; empty: none
// did. `start` is the beginning of each line.
std::string memory_growth_text(const ProcessVerdict& process, const std::string& start);

// The object "memory" of a process.
Json memory_growth_json(const ProcessVerdict& process);

}  // namespace pymemflow::cli
