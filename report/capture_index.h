#pragma once
// Which blocks a capture file has, by writer and number: found by reading the heads alone. Windows
// that were still open are read whole at that moment, since a thread of this process may be about
// to leave its last record.

#include <cstdint>
#include <string_view>

#include "interpose/block.h"
#include "report/memory.h"

namespace pymemflow::report {

struct BlockPlace {
  std::uint32_t writer = 0;
  std::uint64_t number = 0;
  std::uint64_t stamp = 0;
  std::uint32_t thread = 0;
  std::uint64_t checksum = 0;
  std::uint64_t offset = 0;      // of the records in the file
  std::uint32_t used_bytes = 0;  // of the records
  bool is_window = false;        // no checksum; ends at its first zero word
};

struct CaptureIndex {
  interpose::FileHead head{};
  Vector<BlockPlace> blocks;  // by writer, then number; each number once
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;
};

// Reads exactly `bytes`; false when the file ends before, or cannot be read.
bool read_at(int file, void* data, std::size_t bytes, std::uint64_t offset);

// Why a file cannot be reported on.
enum class CaptureError : std::uint8_t { None, Unreadable, NotACapture, Older, Newer };
std::string_view describe(CaptureError error);

CaptureError read_index(int file, CaptureIndex& index);

}  // namespace pymemflow::report
