#pragma once
// Writes the report of a capture: in the recorded process at its end, or later in the command. An
// error is returned and ends nothing; only the given output and descriptors are written to. Report
// side, one thread.

#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "options/resolve.h"
#include "report/reader/capture_reader.h"
#include "report/replay/event_source.h"
#include "report/replay/profile.h"

namespace pymemflow::report {

struct ReportOptions {
  pymemflow::ReportOptions asked;
  bool is_in_process = true;            // the capture is this process's own
  bool is_reporter = false;             // it is made by the reporter, not by the recorded process
  int standard_output = STDERR_FILENO;  // receives the report if `asked` names no file
  int standard_error = -1;  // is told of losses if the format has no room for them; -1: not told
  bool is_running = false;  // the recorded process, which still writes its record
  bool is_of_forked_child = false;     // the process id is added to an output without %p
  std::uint64_t process_began_ns = 0;  // as ImageTimes::process_began
  // Called with the descriptor of the output once it is open.
  void (*on_output)(int descriptor) = nullptr;
  // Called now and then with the part of the events that was read, from 0 to 1.
  void (*progress)(double part) = nullptr;
  // Hands out the events. Null: they are read when they are needed.
  EventSource* source = nullptr;
  // Is made from the same replay, if the record allows it (profile_problem()).
  Profile* profile = nullptr;
};

// The reason of a failure, in words that live until the next one. Empty: the report was written.
struct ReportError {
  enum class Subject : std::uint8_t { Capture, View, Output, ClosedPipe, Memory };
  std::string_view what;
  // The subject of the reason. View: the record has no such moment (report/view). ClosedPipe: the
  // reader of the output has closed it.
  Subject subject = Subject::Capture;
  explicit operator bool() const { return !what.empty(); }
};

// The files of a capture, as capture/block.h describes them.
ReportError write_report(const CaptureFiles& capture, const ReportOptions& options);
// The caller has polled the capture, and has read none of its events.
ReportError write_report(CaptureReader& capture, const ReportOptions& options);

}  // namespace pymemflow::report
