#pragma once
// Reads what a capture keeps of events that it does not hold (interpose/sums.h). One thread.

#include <cstdint>

#include "interpose/event.h"
#include "report/capture_index.h"
#include "report/memory.h"

namespace pymemflow::report {

// So many calls of a function from a site that asked for a size in a bucket.
struct EventSum {
  interpose::Function function;
  interpose::SiteId site;  // kNoSite: of a function that takes memory back
  int bucket;
  std::uint64_t count;
  std::uint64_t bytes;
};

// One an element for each writer; in no order. Returns how many blocks and cells were not what they
// should be.
std::uint64_t read_sums(int file, const CaptureIndex& index, Vector<EventSum>& sums);

}  // namespace pymemflow::report
