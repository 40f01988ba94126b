// pymemflow report CAPTURE: what the traced process would have printed at its end.

#include "report/formats/report.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "cli/captures/captures.h"
#include "cli/commands/commands.h"
#include "cli/commands/options.h"
#include "cli/console/progress.h"

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
  const int file = open_capture(arguments.capture);
  if (file < 0) return kUsageError;
  report::ReportOptions options;
  options.asked = arguments.options;
  options.is_in_process = false;
  options.standard_output = STDOUT_FILENO;
  const bool prints_here = arguments.options.output.empty() && ::isatty(STDOUT_FILENO) != 0;
  if (!prints_here && Progress::is_wanted()) options.progress = show_progress;
  const report::ReportError error = report::write_report(file, options);
  progress.end();
  ::close(file);
  using Subject = report::ReportError::Subject;
  if (!error || error.subject == Subject::ClosedPipe) return 0;
  const std::string output(options.asked.output);
  const std::string subject = error.subject == Subject::Capture ? arguments.capture
                              : output.empty()                  ? "standard output"
                                                                : output;
  return complain(subject + ": " + std::string(error.what));
}

}  // namespace

void add_report_verb(CLI::App& command, Call& call) {
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("CAPTURE", arguments->capture, "what PYMEMFLOW_CAPTURE kept")->required();
  add_options(command, OptionUse::Report, arguments->options);
  command.callback([arguments, &call] { call.status = run(*arguments); });
}

}  // namespace pymemflow::cli
