#pragma once
// Function names of this process that libunwind finds in addition to an ELF file's own tables: in
// compressed mini debug data (.gnu_debugdata), and for code registered at run time. Report side,
// one thread. Takes the loader's lock and reads files.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

class UnwindNames {
 public:
  // Returns the name of the function that holds the address, or an empty text. libunwind returns
  // the nearest name before the address. That name is used only if, by the unwind data, the
  // function begins at the address of the name. The first lookup of a function takes up to some
  // milliseconds, since libunwind maps and unpacks the file each time; later ones take
  // microseconds.
  std::string_view name(std::uint64_t address);

  // Whether an image that is not in a file is mapped in this process with the same build id at the
  // same address, so that its names are valid for another process. This is so for the system's
  // libraries on macOS: they have the same addresses in all processes until the next restart.
  static bool is_shared(std::uint64_t image, std::string_view build_id);

 private:
  HashMap<std::uint64_t, String> names_;  // by the start of the function
};

}  // namespace pymemflow::report
