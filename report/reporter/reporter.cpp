#include "report/reporter/reporter.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "options/options.h"
#include "options/resolve.h"
#include "report/base/memory.h"
#include "report/base/output_path.h"
#include "report/base/private_heap.h"
#include "report/formats/formats.h"
#include "report/maker/report.h"
#include "report/reader/file_reads.h"
#include "report/reporter/abandoned_output.h"
#include "report/reporter/exit_status.h"
#include "report/symbols/name_request.h"

namespace pymemflow::report {
namespace {

constexpr int kCapture = 3;
constexpr int kStandardError = 4;  // of the host
constexpr int kWindows = 5;        // closed, unless the capture still needs NAME.windows

// If memory runs out, this process goes first, and not the host that waits for it.
void prefer_to_be_killed() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(::write(file, "1000", 4));
  ::close(file);
}

// Linux before 5.9 closes no range: the host's are still open then, but for those that exec closes.
void close_what_is_not_ours() {
#ifdef __GLIBC__
#  if __GLIBC_PREREQ(2, 34)
  if (::close_range(kWindows + 1, ~0U, 0) == 0) return;
#  endif
#endif
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return;
  while (const dirent* const entry = ::readdir(folder)) {
    const int file = std::atoi(entry->d_name);
    if (file > kWindows && file != ::dirfd(folder)) ::close(file);
  }
  ::closedir(folder);
}

// Where there is no /dev/null, the next file that is opened must not become standard error.
void fill_standard_descriptors() {
  if (::fcntl(kStandardError, F_GETFD) >= 0) {
    ::dup2(kStandardError, STDERR_FILENO);
    ::close(kStandardError);
  }
  for (int file = 0; file <= STDERR_FILENO; ++file) {
    if (::fcntl(file, F_GETFD) < 0) ::dup2(kCapture, file);
  }
}

void say(std::string_view what, std::string_view why) {
  String line = "pymemflow: ";
  line += what;
  line += why;
  line += '\n';
  static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()));
}

// The program waits: after this time it goes on without names.
constexpr unsigned kMostSeconds = 10;

int answer_running_program() {
  ::signal(SIGALRM, SIG_DFL);
  sigset_t alarm;
  ::sigemptyset(&alarm);
  ::sigaddset(&alarm, SIGALRM);
  ::sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  ::alarm(kMostSeconds);
  std::uint64_t size = 0;
  if (!find_size(kCapture, size)) return kNotReported;
  String request(static_cast<std::size_t>(size), '\0');
  if (!read_at(kCapture, request.data(), request.size(), 0)) return kNotReported;
  const String answer = answer_name_request(request);
  return write_at(kCapture, answer.data(), answer.size(), size) ? kReported : kNotReported;
}

}  // namespace

int report_on_host(int count, char** arguments, char** environment) {
  if (count < 3) {
    say("this is the library of pymemflow " PMF_VERSION,
        ": preload it with LD_PRELOAD, or use `pymemflow run`");
    return kNotReported + 1;
  }
  prefer_to_be_killed();
  close_what_is_not_ours();
  fill_standard_descriptors();
  if (std::strcmp(arguments[1], PMF_VERSION) != 0) {
    say("the library was replaced while the program ran: version " PMF_VERSION,
        " cannot make its report");
    return kNotReported + 1;
  }
  if (std::strcmp(arguments[2], kNamesRole) == 0) return answer_running_program();
  std::uint64_t record_bytes = 0;
  if (find_size(kCapture, record_bytes)) expect_record(record_bytes);
  Options options;
  RecordingOptions recording;
  ReportOptions wanted;
  if (read_options(environment, options) ||
      resolve(options, format_names(), recording, wanted.asked, Resolver::Reporter)) {
    return kNotReported + 1;
  }
  wanted.is_reporter = true;
  wanted.standard_error = STDERR_FILENO;
  // Another output is not open yet.
  if (wanted.asked.output.empty()) end_when_abandoned(STDERR_FILENO);
  if (descriptor_in(wanted.asked.output) == STDOUT_FILENO) end_when_abandoned(STDOUT_FILENO);
  wanted.on_output = end_when_abandoned;
  wanted.is_of_forked_child = std::strcmp(arguments[2], "forked") == 0;
  if (count > 3) {
    const char* const number = arguments[3];
    std::from_chars(number, number + std::strlen(number), wanted.process_began_ns);
  }
  const bool has_windows = ::fcntl(kWindows, F_GETFD) >= 0;
  const ReportError error = write_report({kCapture, has_windows ? kWindows : -1}, wanted);
  if (!error) return kReported;
  switch (error.subject) {
    case ReportError::Subject::ClosedPipe:
      return kReported;
    case ReportError::Subject::Memory:
      return kNoMemory;
    case ReportError::Subject::Capture:
      return kUnreadable;
    case ReportError::Subject::View:
      say("the record ", error.what);
      return kNoView;
    case ReportError::Subject::Output:
      break;
  }
  say("cannot write the report: ", error.what);
  return kNotReported;
}

}  // namespace pymemflow::report
