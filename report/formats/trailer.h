#pragma once
// The last lines of a report: what the reader should know about the record, and, as the very last
// one, how many events were recorded and how many were lost. Report side, one thread.

#include "report/base/output.h"
#include "report/reader/capture_reader.h"

namespace pymemflow::report {

// After all events were read. `is_in_process`: the process writes its own report, whose recording
// has not ended yet.
void write_trailer(Output& output, const CaptureReader& reader, bool is_in_process);

}  // namespace pymemflow::report
