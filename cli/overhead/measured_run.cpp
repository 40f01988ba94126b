#include "cli/overhead/measured_run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include "cli/console/descriptor.h"
#include "cli/launch/signals.h"
#include "cli/platform/platform.h"

namespace pymemflow::cli::overhead {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

int open_stream(const std::string& path, int flags) {
  return ::open(path.c_str(), flags | O_CLOEXEC, 0600);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void add_usage(const rusage& usage, RunResult& result) {
  result.processor_seconds += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  result.peak_bytes = std::max(result.peak_bytes, platform::peak_bytes_of(usage));
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void wait_for(pid_t child, RunResult& result) {
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return;
  }
  result.status = exit_code_of(status);
  add_usage(usage, result);
}

// Waits up to a second for processes that the program left behind and that end a moment after it.
void wait_for_orphans(RunResult& result) {
  for (int tries = 0; tries < 100; ++tries) {
    int status = 0;
    rusage usage{};
    const pid_t ended = ::wait4(-1, &status, WNOHANG, &usage);
    if (ended < 0 && errno == ECHILD) return;
    if (ended > 0) {
      add_usage(usage, result);
    } else {
      ::usleep(10'000);
    }
  }
}

}  // namespace

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unknown;
    if (!at->is_regular_file(unknown)) continue;
    const std::uintmax_t size = at->file_size(unknown);
    if (!unknown) bytes += size;
  }
  return bytes;
}

RunResult run_once(const std::vector<std::string>& words, Environment& environment,
                   const RunStreams& streams, const std::string& output_path) {
  RunResult result;
  const Descriptor input(open_stream(streams.input, O_RDONLY));
  const Descriptor output(open_stream(output_path, O_WRONLY | O_CREAT));
  const Descriptor error(open_stream(streams.error, O_WRONLY | O_CREAT | O_TRUNC));
  platform::adopt_orphans();
  ForwardedSignals signals;
  const Clock::time_point start = Clock::now();
  pid_t child = 0;
  result.error =
      signals.spawn(words, environment.entries(), {input.number(), output.number(), error.number()},
                    Group::Ours, child);
  if (result.error != 0) return result;
  wait_for(child, result);
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  result.is_interrupted = signals.has_interrupt();
  wait_for_orphans(result);
  return result;
}

}  // namespace pymemflow::cli::overhead
