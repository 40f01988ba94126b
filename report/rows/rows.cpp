#include "report/rows/rows.h"

#include <fmt/core.h>

#include <iterator>
#include <utility>

#include "report/rows/module_names.h"
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

// The name of the row of a thread: "thread 4711 (worker)".
SiteName thread_row(const Profile& profile, std::uint32_t thread) {
  SiteName name;
  fmt::format_to(std::back_inserter(name.group), "thread {}", thread);
  const ThreadNames* const threads = profile.process.threads;
  const std::string_view own = threads == nullptr ? std::string_view() : threads->find(thread);
  if (!own.empty()) fmt::format_to(std::back_inserter(name.group), " ({})", own);
  return name;
}

SiteName function_row(std::uint32_t part) {
  SiteName name;
  if (part != 0) name.group = traits(static_cast<Function>(part - 1)).name;
  return name;
}

SiteName group_row(const Profile& profile, const StackStats& stats, By by) {
  if (by == By::Thread) return thread_row(profile, stats.part);
  if (by == By::TypeOfCall) return function_row(stats.part);
  return module_row(profile.tree.frame(profile.tree.line_of(stats.node)));
}

SiteStats row_for(const Profile& profile, const StackStats& stats, Metric metric) {
  SiteStats row = row_of(profile.tree, stats);
  const Amount shown = amount_of(stats, metric);
  row.most_shown = {stats.node, shown};
  row.shown_stacks = shown.blocks != 0 ? 1 : 0;
  return row;
}

Vector<SiteStats> join_names(const Profile& profile, By by, Metric metric) {
  Vector<SiteStats> rows;
  for (const StackStats& stats : profile.stacks) {
    rows.push_back(row_for(profile, stats, metric));
    rows.back().site = row_name(rows.back().site, by);
  }
  join_rows(rows);
  return rows;
}

Vector<SiteStats> join_groups(const Profile& profile, By by, Metric metric) {
  Vector<SiteStats> rows;
  for (const StackStats& stats : profile.stacks) {
    rows.push_back(row_for(profile, stats, metric));
    rows.back().site = group_row(profile, stats, by);
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

Vector<SiteStats> join_c_functions(const Profile& profile, Metric metric) {
  Vector<SiteStats> rows;
  for (const StackStats& stats : profile.stacks) {
    rows.push_back(row_for(profile, stats, metric));
    rows.back().site = c_function_of(profile.tree, stats.node);
  }
  join_rows(rows);
  return rows;
}

Vector<SiteStats> join_stacks(const Profile& profile, std::uint64_t depth, Metric metric) {
  Vector<SiteStats> rows;
  Map<Vector<std::uint32_t>, std::size_t> numbers;
  for (const StackStats& stats : profile.stacks) {
    const SiteStats row = row_for(profile, stats, metric);
    if (depth != 0) {
      const auto frames = upper_frames(profile.tree, stats.node, depth);
      const auto [found, is_new] = numbers.try_emplace(frames, rows.size());
      if (!is_new) {
        rows[found->second].add(row);
        continue;
      }
    }
    rows.push_back(row);
  }
  stable_sort(rows, has_more);
  return rows;
}

// The same as join_names(), without a copy for each stack.
Vector<SiteStats> live_lines(const Profile& profile) {
  Vector<SiteStats> rows = profile.sites;
  for (SiteStats& row : rows) {
    row.most_shown = row.most_live;
    row.shown_stacks = row.live_stacks;
  }
  return rows;
}

Vector<SiteStats> unsorted_rows(const Profile& profile, By by, std::uint64_t depth, Metric metric) {
  switch (by) {
    case By::Line:
      return metric == Metric::Live ? live_lines(profile) : join_names(profile, by, metric);
    case By::Function:
    case By::File:
      return join_names(profile, by, metric);
    case By::Module:
    case By::Thread:
    case By::TypeOfCall:
      return join_groups(profile, by, metric);
    case By::Stack:
      return join_stacks(profile, depth, metric);
    case By::CFunction:
      return join_c_functions(profile, metric);
  }
  return {};
}

}  // namespace

Vector<SiteStats> rows_by(const Profile& profile, By by, std::uint64_t depth, Metric metric) {
  Vector<SiteStats> rows = unsorted_rows(profile, by, depth, metric);
  if (metric == Metric::Live) return rows;
  stable_sort(rows, [metric](const SiteStats& a, const SiteStats& b) {
    const Amount left = amount_of(a, metric);
    const Amount right = amount_of(b, metric);
    return left.bytes != right.bytes ? left.bytes > right.bytes : left.blocks > right.blocks;
  });
  return rows;
}

OriginPart part_of(By by) {
  if (by == By::Thread) return OriginPart::Thread;
  if (by == By::TypeOfCall) return OriginPart::Function;
  return OriginPart::None;
}

const char* name_of(By by) {
  constexpr const char* kNames[] = {"site",  "function",   "file",   "module",
                                    "stack", "C function", "thread", "type of call"};
  return kNames[static_cast<std::size_t>(by)];
}

const char* plural_of(By by) {
  constexpr const char* kNames[] = {"sites",  "functions",   "files",   "modules",
                                    "stacks", "C functions", "threads", "types of call"};
  return kNames[static_cast<std::size_t>(by)];
}

std::string_view name_of(Metric metric) {
  constexpr std::string_view kNames[] = {"live", "leaked", "total", "temporary", "peak", "mapped"};
  return kNames[static_cast<std::size_t>(metric)];
}

Amount amount_of(const Usage& usage, Metric metric) {
  switch (metric) {
    case Metric::Live:
      break;
    case Metric::Leaked:
      return usage.leaked();
    case Metric::Total:
      return usage.totals.allocated;
    case Metric::Temporary:
      return {0, usage.totals.temporary};
    case Metric::Peak:
      return usage.at_peak;
    case Metric::Mapped:
      return usage.mapped;
  }
  return usage.totals.live;
}

std::uint64_t weight_of(const Usage& usage, Metric metric) {
  const Amount amount = amount_of(usage, metric);
  return metric == Metric::Temporary ? amount.blocks : amount.bytes;
}

}  // namespace pymemflow::report
