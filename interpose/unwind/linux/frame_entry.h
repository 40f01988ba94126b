#pragma once
// Finds the entry of .eh_frame that describes a function (FDE, with its CIE). All reads stay in the
// segment, whatever its bytes are.

#include <cstdint>
#include <optional>

#include "interpose/unwind/linux/byte_reader.h"

namespace pymemflow::interpose {

struct FrameEntry {
  std::uintptr_t start;  // of the code that it describes
  std::uint64_t code_bytes;
  std::uint64_t code_unit;
  std::int64_t data_unit;
  std::uint8_t encoding;  // of addresses
  bool is_signal;
  Bytes initial;  // instructions of the CIE
  Bytes program;  // instructions of the FDE
};

// The entry of the function that holds `address`. `search_table` is .eh_frame_hdr, `segment` holds
// it and .eh_frame. A header without a table makes it read all entries.
std::optional<FrameEntry> find_frame_entry(Bytes search_table, Bytes segment,
                                           std::uintptr_t address);

}  // namespace pymemflow::interpose
