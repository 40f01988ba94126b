#pragma once
// The functions of libzstd that compressed captures need. The library is opened at the first use,
// for itself alone (report/base/private_library.h explains why). Report side, one thread.

#include <cstddef>

namespace pymemflow::report {

struct ZstdFunctions {
  std::size_t (*bound)(std::size_t bytes);
  std::size_t (*compress)(void* to, std::size_t room, const void* from, std::size_t bytes,
                          int level);
  std::size_t (*decompress)(void* to, std::size_t room, const void* from, std::size_t bytes);
  unsigned (*is_error)(std::size_t result);
};

// Null: libzstd is not installed.
const ZstdFunctions* zstd_functions();

}  // namespace pymemflow::report
