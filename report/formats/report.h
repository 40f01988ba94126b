#pragma once
// The report as a whole: reads a capture and writes what was asked for. In the process that was
// recorded, at its end, its recording ended before; or later, in the command. Nothing that goes
// wrong here ends the process.

#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "options/resolve.h"

namespace pymemflow::report {

struct ReportOptions {
  pymemflow::ReportOptions asked;
  bool is_in_process = true;            // the capture is this process's own
  int standard_output = STDERR_FILENO;  // where no file was asked for
  bool is_of_forked_child = false;      // an output without %p is the parent's: add the process id
  // Called now and then, with how much has been read, from 0 to 1. Null: nobody asks.
  void (*progress)(double part) = nullptr;
};

// What went wrong, in words; static storage. Empty: nothing did.
struct ReportError {
  enum class Subject : std::uint8_t { Capture, Output, ClosedPipe };
  std::string_view what;
  // What it is wrong with. ClosedPipe: whoever read the report has had enough of it.
  Subject subject = Subject::Capture;
  explicit operator bool() const { return !what.empty(); }
};

// `capture` is a file as capture/block.h describes it.
ReportError write_report(int capture, const ReportOptions& options);

}  // namespace pymemflow::report
