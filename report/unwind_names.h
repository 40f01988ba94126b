#pragma once
// Function names that libunwind knows beyond an ELF file's own tables: compressed mini debug data
// (.gnu_debugdata), separate debug files, code registered at run time. Of this process only. Report
// side; it takes the loader's lock and reads files.

#include <cstdint>

#include "report/memory.h"

namespace pymemflow::report {

// Empty when there is none. libunwind answers with the nearest name before the address; it is taken
// only where the unwind data say that the function that holds the address begins where that name
// does.
String unwind_name(std::uint64_t address);

}  // namespace pymemflow::report
