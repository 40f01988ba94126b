#pragma once
// An allocation site by its names. The text belongs to the name table and lives as long as it does.

#include <cstdint>
#include <string_view>

namespace pymemflow::report {

struct Site {
  bool has_frame = false;     // false: no Python frame was running at the call
  std::string_view file;      // co_filename, whole, UTF-8 (surrogates as three bytes)
  std::string_view function;  // co_name
  std::int32_t line = 0;      // the current line
  std::uint64_t address = 0;  // return address of the call, when there is no frame
  std::uint32_t module = 0;   // the number of the module that held it, from 1 on; 0: unknown
};

// A file that was mapped into the process: addresses [start, end) are its bytes from `offset` on.
struct Module {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
  std::string_view path;
  std::string_view build_id = {};  // bytes; empty: unknown
};

}  // namespace pymemflow::report
