#pragma once
// Some events in their order, with their sites: read first and processed together, so that memory
// which the later ones need can be fetched while the earlier ones are processed. Plain values.

#include <cstddef>

#include "capture/event.h"
#include "report/reader/site.h"

namespace pymemflow::report {

struct EventBatch {
  // More than are under way at once, and few enough for the processor's first cache.
  static constexpr std::size_t kEvents = 128;

  Event events[kEvents];
  const Site* sites[kEvents];  // null: that of a Mark
  std::size_t size = 0;
};

}  // namespace pymemflow::report
