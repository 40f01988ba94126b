#pragma once
// The file of the report that is made at the end of a program. Nothing that exists is replaced: a
// name that is taken gets the process id, then a number, and a line says so, unless an earlier
// image of the process took it (the program has called exec). Report side, one thread.

#include <sys/types.h>

#include <optional>

#include "capture/earlier_image.h"
#include "report/base/memory.h"
#include "report/base/output.h"
#include "report/maker/report.h"

namespace pymemflow::report {

class ReportFile {
 public:
  // `capture`: the descriptor of the record, writable. The only file that is replaced is the report
  // that was made of the same record before, at an exec that failed.
  ReportFile(int capture, pid_t process, ImageTimes times)
      : capture_(capture), process_(process), times_(times) {}

  // Opens the output by the name that `options` has for it. If every name is taken, its error is
  // EEXIST.
  void open(std::optional<Output>& output, const ReportOptions& options);
  // Notes in the record which report was made of it. Once the output is closed without an error.
  void note() const;

 private:
  bool is_earlier_report(const char* path) const;
  bool is_of_earlier_image(const char* path) const;

  const int capture_;
  const pid_t process_;
  const ImageTimes times_;
  String path_;  // empty: there is no file to note
};

// The path of a report whose name is not taken.
String report_path(const ReportOptions& options, pid_t process);

}  // namespace pymemflow::report
