// pymemflow report CAPTURE: prints the report that the traced process would have printed at its
// end.

#include "report/maker/report.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "cli/arguments/options.h"
#include "cli/captures/captures.h"
#include "cli/captures/read_ahead.h"
#include "cli/commands/commands.h"
#include "cli/commands/recorded_process.h"
#include "cli/console/progress.h"
#include "report/base/output_path.h"
#include "report/reader/capture_index.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  std::string capture;
  Options options;
};

Progress progress;

void show_progress(double part) {
  progress.show(part);
}

int run(const Arguments& arguments) {
  Resolved resolved;
  if (const Error error = resolve(arguments.options, resolved)) return complain(error);
  OpenCapture opened;
  if (const Error error = open_capture(arguments.capture, opened)) return complain(error);
  report::ReportOptions options;
  options.asked = resolved.report;
  options.is_in_process = false;
  options.standard_error = STDERR_FILENO;
  options.standard_output = STDOUT_FILENO;
  const std::string_view asked = arguments.options.output;
  const bool is_printed = asked.empty() || report::descriptor_in(asked) == STDOUT_FILENO;
  const bool prints_here = is_printed && ::isatty(STDOUT_FILENO) != 0;
  if (!prints_here && Progress::is_wanted()) options.progress = show_progress;
  report::CaptureIndex index;
  if (index.update_head(opened.files()) == report::CaptureError::None) {
    options.is_running = index.head().end == EndKind::None &&
                         is_written_by(arguments.capture, static_cast<pid_t>(index.head().process));
  }
  ReadAhead source;
  options.source = &source;
  const report::ReportError error = report::write_report(opened.files(), options);
  progress.end();
  using Subject = report::ReportError::Subject;
  if (!error || error.subject == Subject::ClosedPipe) return 0;
  const std::string output(options.asked.output);
  const std::string subject = error.subject == Subject::Capture || error.subject == Subject::View
                                  ? arguments.capture
                              : is_printed ? "standard output"
                                           : output;
  return complain(subject + ": " + std::string(error.what));
}

}  // namespace

void declare_report(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.operand("CAPTURE", arguments->capture, "a file written by --capture or PYMEMFLOW_CAPTURE");
  add_options(syntax, {OptionUse::Report, OptionUse::Callers, OptionUse::Both}, arguments->options);
  syntax.action([arguments](const auto&) { return run(*arguments); });
}

}  // namespace pymemflow::cli
