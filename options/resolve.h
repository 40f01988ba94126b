#pragma once
// Resolves the options into how the program is recorded and what is printed. The library and the
// command both do it here. Allocates nothing. One thread.

#include <cstdint>
#include <span>
#include <string_view>

#include "options/options.h"

namespace pymemflow {

struct RecordingOptions {
  std::string_view capture;         // empty: a temporary file
  std::uint64_t capture_limit = 0;  // bytes; 0: half of the free space
  std::uint64_t ring = 0;           // bytes per thread; 0: events are not overwritten
  bool keeps_events = true;         // false: only their sums
  Attribution attribution = Attribution::Frame;
  bool python_call_stack = false;
  Start start = Start::Auto;

  bool keeps_every_event() const { return keeps_events && ring == 0; }
};

struct ReportOptions {
  std::string_view output;  // empty: standard error
  std::string_view format;  // the name of a format
  bool full_file_path = false;
  Compat compat = Compat::None;
  bool python_call_stack = false;
};

// A format of the report, from the table of formats (report/formats/formats.def).
struct FormatName {
  std::string_view name;
  bool needs_every_event;
};

// `formats`: all formats, the default first. Fails if the format is unknown, or needs events that
// are not kept; the error lives until the next call.
OptionError resolve(const Options& options, std::span<const FormatName> formats,
                    RecordingOptions& recording, ReportOptions& report);

}  // namespace pymemflow
