#pragma once
// The facts about the recorded process that reports need. Plain values, for any thread.

#include <cstdint>

#include "capture/block.h"
#include "report/base/memory.h"
#include "report/names/thread_names.h"
#include "report/reader/process_map.h"

namespace pymemflow::report {

struct ProcessInfo {
  std::uint32_t id = 0;
  bool is_forked_child = false;
  EndKind end = EndKind::None;  // None: the process was killed, or still runs
  RecordMode mode = RecordMode::Full;
  bool has_stacks = false;                 // events have their callers
  bool has_mappings = true;                // mmap() and its like are recorded
  std::uint64_t started_ns = 0;            // CLOCK_REALTIME
  std::uint64_t started_monotonic_ns = 0;  // CLOCK_MONOTONIC, the clock of events
  String command_line = {};                // each word is followed by a zero byte
  String python_version = {};
  // The reader's, which must outlive its use. Null: there is none.
  const ProcessMap* map = nullptr;
  const ThreadNames* threads = nullptr;
};

// The completeness of a record, in events.
struct RecordCounts {
  std::uint64_t recorded = 0;
  std::uint64_t lost = 0;
  std::uint64_t overwritten = 0;
  std::uint64_t damaged = 0;  // blocks, records and names
  std::uint64_t left_out = 0;
};

}  // namespace pymemflow::report
