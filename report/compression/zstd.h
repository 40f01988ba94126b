#pragma once
// The functions of libzstd that compressed captures need. The library is opened at the first use,
// for itself alone (report/base/private_library.h explains why). Report side, one thread.

#include <cstddef>

namespace pymemflow::report {

struct ZstdFunctions {
  std::size_t (*bound)(std::size_t bytes);
  void* (*create)();
  std::size_t (*set)(void* context, int parameter, int value);
  std::size_t (*compress)(void* context, void* to, std::size_t room, const void* from,
                          std::size_t bytes);
  std::size_t (*decompress)(void* to, std::size_t room, const void* from, std::size_t bytes);
  unsigned (*is_error)(std::size_t result);
  void* context;  // of compress(), which writes a checksum into each frame
};

// Null: libzstd is not installed.
const ZstdFunctions* zstd_functions();

}  // namespace pymemflow::report
