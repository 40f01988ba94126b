#pragma once
// The rows of a profile, as the user asked for them: by line, function, file or stack. Pure; report
// side, one thread.

#include <cstdint>

#include "options/options.h"
#include "report/replay/profile.h"

namespace pymemflow::report {

// `depth`: the callers that tell stacks apart with By::Stack; 0: all. Largest live memory first.
Vector<SiteStats> rows_by(const Profile& profile, By by, std::uint64_t depth);

// The words for the rows: "line", "stack".
const char* name_of(By by);

std::uint64_t weight_of(const Usage& usage, Metric metric);
// "live bytes", for people.
const char* name_of(Metric metric);

}  // namespace pymemflow::report
