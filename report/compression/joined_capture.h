#pragma once
// Joins a capture and the NAME.windows beside it (capture/block.h) to one file, as the recorder
// does at its end. For a record whose process was killed, or ended without a system call. One
// thread.

#include <cstdint>

#include "report/reader/file_reads.h"

namespace pymemflow::report {

enum class JoinError : std::uint8_t {
  None,
  Unreadable,  // errno
  Unwritable,  // errno
};

// Writes both to `to`, an empty file; the holes of the capture are holes there. The caller has
// checked that NAME.windows belongs to the capture (CaptureIndex::files()).
JoinError join_capture(const CaptureFiles& files, int to);

}  // namespace pymemflow::report
