#pragma once
// Makes the JSON that the page shows. docs/internals/page.md describes it. Report side, one thread.

#include <string_view>

#include "report/page/page_tree.h"
#include "report/replay/profile.h"

namespace pymemflow::report {

// The facts that are not in the profile.
struct PageFacts {
  std::string_view metric;  // shown first
  std::string_view from;    // the moments in words; empty: the start
  std::string_view to;
  bool is_to_the_end = true;
  bool is_selected = false;
  bool is_inverted = false;
  RecordCounts counts;
};

String page_data(const Profile& profile, const PageTree& tree, const SlicedLives& blocks,
                 const PageFacts& facts);

}  // namespace pymemflow::report
