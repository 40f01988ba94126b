#pragma once
// An allocation site as a person names it: a line of a Python function, or an engine caller. Sites
// of the record are instructions, so several of them may have one name. Plain values, for any
// thread.

#include <cstdint>
#include <limits>
#include <tuple>

#include "report/base/amount.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct SiteName {
  // The line of a name that stands for a whole function, or, without a function, for a file.
  static constexpr std::int32_t kNoLine = std::numeric_limits<std::int32_t>::min();

  bool has_frame = false;
  String file;  // co_filename, whole
  String function;
  std::int32_t line = 0;
  // Without a frame: as DTrace's usym() prints it, but without a symbol the offset in the file
  // instead of the address, which differs from run to run.
  String caller;
  String module;  // without a frame: the path of the file that called; empty: unknown

  // Sites with equal keys are one site.
  auto key() const { return std::tie(has_frame, file, function, line, caller); }
};

// "leak.py:12 make", or the engine caller. Control characters are escaped.
String shown_site(const SiteName& site, bool full_file_path);

}  // namespace pymemflow::report
