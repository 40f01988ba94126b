#pragma once
// Reads what a capture keeps of events that it does not hold
// (interpose/recording/blocks/sum_table.h). One thread.

#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/capture_index.h"

namespace pymemflow::report {

// So many calls of a function from a site that asked for a size in a bucket.
struct EventSum {
  Function function;
  SiteId site;  // kNoSite: of a function that takes memory back
  int bucket;
  std::uint64_t count;
  std::uint64_t bytes;
};

// One an element for each writer; in no order. Returns how many blocks and cells were not what they
// should be.
std::uint64_t read_sums(int file, const CaptureIndex& index, Vector<EventSum>& sums);

}  // namespace pymemflow::report
