#pragma once
// Reads the sums of a capture of mode Sums, which stand for events that it does not hold
// (capture/sums.h). One thread.

#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/capture_index.h"

namespace pymemflow::report {

// The calls of a function from a site whose sizes fall into a bucket.
struct EventSum {
  Function function;
  SiteId site;  // kNoSite: of a function that releases memory
  int bucket;
  std::uint64_t count;
  std::uint64_t bytes;
  StackId stack = kNoStack;  // kNoStack: the sum is by site
};

// Appends one element per writer and cell, unordered. Returns how many blocks and cells were not
// what they should be.
std::uint64_t read_sums(const CaptureFiles& files, const CaptureIndex& index,
                        Vector<EventSum>& sums);

}  // namespace pymemflow::report
