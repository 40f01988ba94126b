// The report at the end of a process, on Linux: has the reporter make it.

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <charconv>
#include <cstring>
#include <initializer_list>
#include <optional>

#include "interpose/library/ending.h"
#include "interpose/library/errors.h"
#include "interpose/library/linux/ignored_signals.h"
#include "interpose/library/linux/kept_record.h"
#include "interpose/library/linux/reporter_process.h"
#include "interpose/library/messages.h"
#include "options/options.h"
#include "platform/linux/system_call.h"
#include "platform/process.h"
#include "report/base/digits.h"
#include "report/base/output_path.h"
#include "report/reporter/exit_status.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kMaxVariables = 64;
constexpr std::size_t kMaxPath = 4096;

// The reporter's environment: the options that the host was given, and nothing else but what
// debuginfod needs, if it was asked for. Of the paths the reporter needs the output's alone, which
// was made absolute when the host started.
class Environment {
 public:
  // `output`: the path, or another name for its file.
  Environment(std::string_view output, bool has_servers) {
    std::string_view given = given_options();
    while (!given.empty()) {
      const std::size_t end = given.find('\n');
      const std::string_view line = given.substr(0, end);
      given.remove_prefix(end == std::string_view::npos ? given.size() : end + 1);
      if (is_option_without_path(line)) add(line, {});
    }
    if (!output.empty()) add(kOutput, output);
    if (has_servers) add_servers();
  }
  const char* const* variables() const { return variables_; }

 private:
  static constexpr std::string_view kOutput = "PYMEMFLOW_OUTPUT=";

  static bool is_option_without_path(std::string_view line) {
    return line.starts_with("PYMEMFLOW_") && !line.starts_with(kOutput) &&
           !line.starts_with("PYMEMFLOW_CAPTURE=");
  }
  void add_servers() {
    char** const all = platform::environment();
    for (char** entry = all; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view line = *entry;
      for (const std::string_view name : {"DEBUGINFOD_", "HOME=", "XDG_CACHE_HOME="}) {
        if (line.starts_with(name)) add(line, {});
      }
    }
  }
  void add(std::string_view name, std::string_view value) {
    const std::size_t bytes = name.size() + value.size() + 1;
    if (count_ == kMaxVariables || bytes > sizeof text_ - used_) return;
    variables_[count_++] = text_ + used_;
    std::memcpy(text_ + used_, name.data(), name.size());
    std::memcpy(text_ + used_ + name.size(), value.data(), value.size());
    text_[used_ + bytes - 1] = '\0';
    used_ += bytes;
  }

  char text_[3 * kMaxPath];
  const char* variables_[kMaxVariables + 1] = {};
  std::size_t used_ = 0;
  std::size_t count_ = 0;
};

// Whether it is a pipe or a terminal whose other end is closed.
bool is_abandoned(int file) {
  pollfd request = {.fd = file, .events = POLLOUT, .revents = 0};
  const timespec no_time = {};
  const long ready = platform::system_call(SYS_ppoll, &request, 1, &no_time, nullptr, 0);
  return ready > 0 && (request.revents & (POLLERR | POLLNVAL)) != 0;
}

std::string_view decimal(std::span<char> buffer, int number) {
  const char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

void say_where_it_is(const ReportRequest& request, std::initializer_list<std::string_view> why) {
  char reason_buffer[256];
  std::size_t used = 0;
  for (const std::string_view part : why) {
    const std::size_t taken = part.size() < sizeof reason_buffer - used ? part.size() : 0;
    std::memcpy(reason_buffer + used, part.data(), taken);
    used += taken;
  }
  const std::string_view reason(reason_buffer, used);
  char path_buffer[kMaxPath];
  const char* path = request.name;
  int error = 0;
  if (*path == '\0') {
    error = keep_record(request.capture, request.kind, request.process, path_buffer);
    path = path_buffer;
  }
  if (error != 0) {
    say({reason, ", and the record cannot be kept (", error_text(error), "): it is lost"});
    return;
  }
  say({reason, ": the record is kept; print its report with: pymemflow report ", path});
}

void say_outcome(const ReportRequest& request, const ReporterEnd& end) {
  char digits[16];
  if (!end.is_known) {
    say_where_it_is(request, {"the process that waits for the reporter was killed, so the report "
                              "may be missing or incomplete"});
  } else if (end.refused != 0) {
    say_where_it_is(request, {"cannot start the reporter (", error_text(end.refused), ")"});
  } else if (WIFSIGNALED(end.status)) {
    say_where_it_is(request,
                    {"the reporter was killed by signal ", decimal(digits, WTERMSIG(end.status))});
  } else if (WEXITSTATUS(end.status) == report::kNotStarted) {
    say_where_it_is(request, {"the loader cannot start the reporter"});
  } else if (WEXITSTATUS(end.status) == report::kNoMemory) {
    say_where_it_is(request, {"the reporter has not enough memory"});
  } else if (WEXITSTATUS(end.status) == report::kUnreadable) {
    say_where_it_is(request, {"the reporter cannot read the record"});
  } else if (WEXITSTATUS(end.status) == report::kNoView) {
    say_where_it_is(request, {"there is no report"});
  } else if (report::is_unexpected(WEXITSTATUS(end.status))) {
    say_where_it_is(request,
                    {"the reporter failed (", decimal(digits, WEXITSTATUS(end.status)), ")"});
  }
}

}  // namespace

void prepare_end() {
  find_reporter();
}

void make_report(const ReportRequest& request) {
  const int standard_error = platform::standard_error();
  // Nobody would see it.
  const bool is_on_standard_error = request.options.output.empty();
  if (is_on_standard_error && (standard_error < 0 || is_abandoned(standard_error))) return;
  const int output = report::descriptor_in(request.options.output);
  const bool is_own = output >= 0 && (output == request.capture || output == request.windows);
  if (output >= 0 && (is_own || platform::is_output_replaced())) {
    // Where nobody would read the line, a file that is kept would never be found.
    if (standard_error < 0) return;
    char digits[16];
    return say_where_it_is(
        request, {"descriptor ", decimal(digits, output), " is closed, or another file by now"});
  }
  std::optional<IgnoredSignals> ignored;
  if (request.kind == EndKind::Exit) ignored.emplace();
  const Environment environment(output < 0 ? request.options.output : "/dev/stdout",
                                request.options.debuginfod);
  char began[report::kMaxDecimalBytes + 1];
  *report::put_decimal(began, platform::process_began_ns()) = '\0';
  const char* const arguments[] = {PMF_VERSION, request.is_of_forked_child ? "forked" : "first",
                                   began, nullptr};
  const ReporterEnd end = run_reporter({.arguments = arguments,
                                        .environment = environment.variables(),
                                        .capture = request.capture,
                                        .windows = request.windows,
                                        .standard_error = standard_error,
                                        .output = output});
  say_outcome(request, end);
}

}  // namespace pymemflow::interpose
