#include "report/rows/rows.h"

#include <utility>

#include "report/rows/stable_sort.h"
#include "report/stacks/callers.h"

namespace pymemflow::report {
namespace {

// The name of the row to which a line belongs.
SiteName row_name(const SiteName& line, By by) {
  SiteName name = line;
  if (by == By::Function || by == By::File) {
    name.line = SiteName::kNoLine;
    name.forget_line();
  }
  if (by == By::File) {
    name.function.clear();
    if (!line.has_frame && !line.module.empty()) {
      name.caller = line.module;
      name.demangled.clear();
    }
  }
  return name;
}

Vector<SiteStats> join_names(const Profile& profile, By by) {
  Vector<SiteStats> rows;
  for (const SiteStats& stats : profile.sites) {
    rows.push_back(stats);
    rows.back().site = row_name(stats.site, by);
  }
  join_rows(rows);
  return rows;
}

// The site and the nearest callers, by the numbers of their names, and the native frames above.
Vector<std::uint32_t> upper_frames(const CallTree& tree, CallNode node, std::uint64_t depth) {
  Vector<std::uint32_t> frames;
  const CallNode line = tree.line_of(node);
  for (; node != line; node = tree.parent(node), ++depth) frames.push_back(tree.name_of(node));
  for (; has_frame(node) && frames.size() <= depth; node = tree.parent(node)) {
    frames.push_back(tree.name_of(node));
  }
  return frames;
}

// The C function that called the allocator for the line: the innermost one of neither the
// interpreter nor the C and C++ libraries, or else the innermost one. Not an inlined one: the name
// must not depend on whether there is debug information.
SiteName c_function_of(const CallTree& tree, CallNode stack) {
  const Callers callers = callers_of(tree, stack, {});
  SiteName name = tree.frame(tree.line_of(stack));
  for (const SiteName* const frame : callers.native) {
    if (frame->missing != StackEnd::Bottom || frame->is_inlined) continue;
    name = *frame;
    break;
  }
  name.forget_line();
  return name;
}

Vector<SiteStats> join_c_functions(const Profile& profile) {
  Vector<SiteStats> rows;
  for (const StackStats& stats : profile.stacks) {
    rows.push_back(row_of(profile.tree, stats));
    rows.back().site = c_function_of(profile.tree, stats.node);
  }
  join_rows(rows);
  return rows;
}

Vector<SiteStats> join_stacks(const Profile& profile, std::uint64_t depth) {
  Vector<SiteStats> rows;
  Map<Vector<std::uint32_t>, std::size_t> numbers;
  for (const StackStats& stats : profile.stacks) {
    if (depth != 0) {
      const auto frames = upper_frames(profile.tree, stats.node, depth);
      const auto [found, is_new] = numbers.try_emplace(frames, rows.size());
      if (!is_new) {
        rows[found->second].add(stats);
        continue;
      }
    }
    rows.push_back(row_of(profile.tree, stats));
  }
  stable_sort(rows, has_more);
  return rows;
}

}  // namespace

Vector<SiteStats> rows_by(const Profile& profile, By by, std::uint64_t depth) {
  switch (by) {
    case By::Line:
      break;
    case By::Function:
    case By::File:
      return join_names(profile, by);
    case By::Stack:
      return join_stacks(profile, depth);
    case By::CFunction:
      return join_c_functions(profile);
  }
  return profile.sites;
}

const char* name_of(By by) {
  constexpr const char* kNames[] = {"site", "function", "file", "stack", "C function"};
  return kNames[static_cast<std::size_t>(by)];
}

std::uint64_t weight_of(const Usage& usage, Metric metric) {
  switch (metric) {
    case Metric::Live:
      break;
    case Metric::Leaked:
      return usage.leaked().bytes;
    case Metric::Total:
      return usage.totals.allocated.bytes;
    case Metric::Temporary:
      return usage.totals.temporary;
  }
  return usage.totals.live.bytes;
}

const char* name_of(Metric metric) {
  constexpr const char* kNames[] = {"bytes alive at the end", "bytes leaked", "bytes allocated",
                                    "temporary blocks"};
  return kNames[static_cast<std::size_t>(metric)];
}

}  // namespace pymemflow::report
