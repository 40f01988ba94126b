#pragma once
// The last lines of a report: what the reader should know about the record, and, as the very last
// one, how many events were recorded and how many were lost. Report side, one thread.

#include "report/base/output.h"
#include "report/maker/report.h"
#include "report/reader/capture_reader.h"
#include "report/symbols/gaps.h"

namespace pymemflow::report {

// After all events were read.
void write_trailer(Output& output, const CaptureReader& reader, const ReportOptions& options,
                   SymbolGaps gaps);

}  // namespace pymemflow::report
