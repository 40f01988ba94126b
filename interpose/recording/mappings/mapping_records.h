#pragma once
// Records the calls of mmap() and its family. For their hooks; any thread, in a signal handler too.
// Keeps errno. Each record takes a stamp that is greater than those of all events before it, since
// a range of addresses has no stripe of its own (interpose/recording/turn.h). That costs less than
// the system call.

#include <cstddef>
#include <cstdint>

#include "capture/mapping.h"

namespace pymemflow::interpose {

// After a mmap() that succeeded. `traits`: the MappingTraits that follow from its arguments.
void record_mapped(MappingFunction function, unsigned traits, std::size_t bytes, const void* result,
                   const void* caller);

// A call that releases a range. Its release is recorded before the call, since another thread may
// be given the range before the call returns.
class ReleasedRange {
 public:
  ReleasedRange(MappingFunction function, const void* address, std::size_t bytes,
                const void* caller);
  // After a call that failed: the range is mapped as before.
  void fail() const;
  // After a mremap() that succeeded. With `is_copied` the old range is still mapped.
  void move(std::size_t new_bytes, const void* result, bool is_copied) const;

 private:
  const MappingFunction function_;
  const void* const address_;
  const std::size_t bytes_;
  const void* const caller_;
  bool is_recorded_ = false;
};

}  // namespace pymemflow::interpose
