// pymemflow report CAPTURE: what the traced process would have printed at its end.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "cli/options.h"
#include "cli/verbs.h"
#include "report/report.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  std::string capture;
  interpose::Options options;
};

int run(const Arguments& arguments) {
  const int file = ::open(arguments.capture.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat facts {};
  if (file < 0 || ::fstat(file, &facts) != 0) {
    return complain(arguments.capture + ": " + std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) return complain(arguments.capture + ": is not a file");
  report::ReportOptions options;
  options.asked = arguments.options;
  options.is_in_process = false;
  options.standard_output = STDOUT_FILENO;
  const report::ReportError error = report::write_report(file, options);
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

void add_report_verb(CLI::App& command, int& status) {
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("CAPTURE", arguments->capture, "what PYMEMFLOW_CAPTURE kept")->required();
  add_options(command, interpose::OptionUse::Report, arguments->options);
  command.callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace pymemflow::cli
