#pragma once
// The rows of a profile, as the user asked for them: by line, file, stack, thread. Pure; report
// side, one thread.

#include <cstdint>
#include <string_view>

#include "options/options.h"
#include "report/replay/profile.h"

namespace pymemflow::report {

// `depth`: the callers that tell stacks apart with By::Stack; 0: all. Those with most of the metric
// first. Of each row, most_shown and shown_stacks are of the metric.
Vector<SiteStats> rows_by(const Profile& profile, By by, std::uint64_t depth,
                          Metric metric = Metric::Live);

// Returns the part by which origins are told apart for such rows.
OriginPart part_of(By by);

// The words for the rows: "line", "stack".
const char* name_of(By by);
const char* plural_of(By by);

// Returns the word of the option.
std::string_view name_of(Metric metric);
// The bytes that a metric counts, and their blocks. Metric::Temporary counts no bytes.
Amount amount_of(const Usage& usage, Metric metric);
// The weight of a stack: bytes, or temporary blocks.
std::uint64_t weight_of(const Usage& usage, Metric metric);

}  // namespace pymemflow::report
