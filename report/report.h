#pragma once
// The report as a whole: reads a capture and writes what was asked for. In the process that was
// recorded, at its end, its recording ended before; nothing that goes wrong here ends the process.

#include <cstdint>
#include <string_view>

namespace pymemflow::report {

struct ReportOptions {
  std::string_view output;          // path, %p for the process id; empty: standard error
  bool is_of_forked_child = false;  // an output without %p is the parent's: add the process id
  bool full_file_path = false;
  bool flow = true;
  std::uint64_t lost_without_writer = 0;  // events that no writer could count as lost
};

// What went wrong, in words; static storage. Empty: nothing did.
struct ReportError {
  std::string_view what;
  explicit operator bool() const { return !what.empty(); }
};

// `capture` is a file as interpose/block.h describes it.
ReportError write_report(int capture, const ReportOptions& options);

}  // namespace pymemflow::report
