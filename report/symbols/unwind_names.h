#pragma once
// Function names that libunwind knows beyond an ELF file's own tables: compressed mini debug data
// (.gnu_debugdata), and code registered at run time. Of this process only. Report side, one thread;
// it takes the loader's lock and reads files.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

class UnwindNames {
 public:
  // Empty when there is none. libunwind answers with the nearest name before the address; it is
  // taken only where the unwind data say that the function that holds the address begins where that
  // name does. The first question for a function costs up to some milliseconds, as libunwind maps
  // and unpacks the file each time; the next ones cost microseconds.
  std::string_view name(std::uint64_t address);

  // Whether the file with this build id is mapped at this address here as well, and in no file that
  // could be read: then its names hold for another process too. So it is with what the system
  // brings on macOS, which lies at the same addresses in all processes until the next start.
  static bool is_shared(std::uint64_t image, std::string_view build_id);

 private:
  HashMap<std::uint64_t, String> names_;  // by the function's start
};

}  // namespace pymemflow::report
