// The report at the end of a process, on macOS: it is made in the process. A child would raise
// SIGCHLD there, and be found by waitpid().

#include "interpose/library/ending.h"

#include <unistd.h>

#include <cerrno>

#include "interpose/library/messages.h"
#include "interpose/recording/own_work.h"
#include "platform/process.h"
#include "report/maker/report.h"

namespace pymemflow::interpose {

void prepare_end() {}

void map_end_stacks() {}

void run_end(EndKind kind, void (*work)(EndKind kind)) {
  work(kind);
}

int name_record(int, std::uint32_t, std::span<char>) {
  return ENOTSUP;
}

void make_report(const ReportRequest& request) {
  if (platform::is_output_replaced()) {
    return say({request.options.output, " is closed, or another file by now: the report is lost"});
  }
  const OwnWork own_work;
  report::ReportOptions wanted;
  wanted.standard_error = STDERR_FILENO;
  wanted.asked = request.options;
  wanted.is_of_forked_child = request.is_of_forked_child;
  wanted.process_began_ns = platform::process_began_ns();
  const report::ReportError error =
      report::write_report({request.capture, request.windows}, wanted);
  if (error) say({"cannot write the report: ", error.what});
}

}  // namespace pymemflow::interpose
