#pragma once
// A finding of the doctor: the result of one check, and what the user can do about it.

#include <string>

namespace pymemflow::cli::platform {

// From good to bad. The worst one decides the exit code: 0, 0, 0, 1, 2.
enum class Verdict {
  Skipped,  // earlier findings make this check pointless
  Fine,
  Note,     // fine, with a remark
  Partly,   // tracing works but misses some events
  Nothing,  // nothing can be traced
};

struct Finding {
  Verdict verdict = Verdict::Skipped;
  std::string text;
  std::string advice = {};  // what to do; empty: nothing
};

}  // namespace pymemflow::cli::platform
