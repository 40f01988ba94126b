#pragma once
// Reads all definitions of a capture: what the numbers in its events stand for, and what it says of
// its process. One thread.

#include <cstdint>

#include "report/capture_index.h"
#include "report/facts.h"
#include "report/name_table.h"

namespace pymemflow::report {

// How many blocks and records were not what they should be.
std::uint64_t read_definitions(int file, const CaptureIndex& index, NameTable& names, Facts& facts);

}  // namespace pymemflow::report
