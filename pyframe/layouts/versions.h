#pragma once
// The versions of CPython whose frames can be read (versions.def). Plain data: any thread.

#include <span>

#include "pyframe/layouts/layout.h"
#include "pyframe/layouts/published_offsets.h"
#include "pyframe/layouts/trace_layout.h"

namespace pymemflow::pyframe {

struct Version {
  FrameLayout frame;
  PublishedPositions published;  // all zeros: this version publishes no offsets
  TraceLayout trace;             // all zeros: this version cannot be probed
};

// In ascending order.
std::span<const Version> known_versions();

// Null: this version is not known.
const Version* find_version(int major, int minor);

}  // namespace pymemflow::pyframe
