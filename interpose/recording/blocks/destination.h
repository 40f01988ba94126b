#pragma once
// The destination of the blocks of this process. The files below the recorder write to the
// destination that they are given, and know nothing of the recording that owns it.

#include <cstdint>

#include "capture/block.h"
#include "interpose/recording/blocks/capture_file.h"

namespace pymemflow::interpose {

struct Destination {
  CaptureFile file;
  std::uint32_t process = 0;  // process id, for the heads of blocks
  RecordMode mode = RecordMode::Full;
  SiteNumbers site_numbers = SiteNumbers::Plain;
  std::uint32_t ring_blocks = 0;  // per writer; Ring only
  // Whether this process was forked and has no recording of its own yet: the file is its parent's.
  bool (*is_new_process)() = nullptr;
  // The file cannot grow: `error` is an error number, kLimitReached or kTruncated. Any thread,
  // inside a hook.
  void (*on_failure)(int error) = nullptr;
};

}  // namespace pymemflow::interpose
