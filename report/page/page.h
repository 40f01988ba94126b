#pragma once
// The page of --format html: one file that needs no network, and is never larger than
// kMostPageBytes. Report side, one thread.

#include <cstddef>

#include "report/page/page_data.h"

namespace pymemflow::report {

inline constexpr std::size_t kMostPageBytes = 400'000;

// As much detail as the bound allows.
String make_page(const Profile& profile, const PageFacts& facts);

}  // namespace pymemflow::report
