#include "cli/launch/traced_program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "capture/process_log.h"
#include "cli/console/files.h"
#include "cli/launch/environment.h"
#include "cli/launch/program_file.h"
#include "cli/launch/run_log.h"
#include "cli/platform/platform.h"
#include "cli/platform/protections.h"

extern "C" char** environ;  // NOLINT(readability-redundant-declaration)

namespace pymemflow::cli {
namespace {

namespace fs = std::filesystem;

bool is_plain(const std::string& path) {
  return path.find_first_of(platform::kNotInPreload) == std::string::npos;
}

std::uint64_t realtime_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// Tells whether a file is made or removed in a folder. The time of its last change is set to a
// moment long ago, since two changes within a clock tick have the same.
class FolderWatch {
 public:
  explicit FolderWatch(const std::string& folder) : folder_(folder) {
    std::error_code error;
    fs::last_write_time(folder_, fs::last_write_time(folder_, error) - std::chrono::hours(24),
                        error);
    before_ = fs::last_write_time(folder_, error);
  }
  bool has_changed() const {
    std::error_code error;
    return fs::last_write_time(folder_, error) != before_ || error;
  }

 private:
  const std::string& folder_;
  fs::file_time_type before_;
};

// False: the program still runs after that time.
bool ends_within(pid_t child, int seconds) {
  constexpr int kLooksASecond = 100;
  for (int looks = 0; looks < seconds * kLooksASecond; ++looks) {
    siginfo_t details{};
    const int flags = WEXITED | WNOHANG | WNOWAIT;
    if (::waitid(P_PID, static_cast<id_t>(child), &details, flags) != 0 || details.si_pid != 0) {
      return true;
    }
    ::usleep(1'000'000 / kLooksASecond);
  }
  return false;
}

// Returns the exit code; 128 + n if signal n ended the child.
int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return kUsageError;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// False: orphans are left after that time.
bool are_orphans_met(int seconds) {
  constexpr int kLooksASecond = 100;
  for (int tries = 0; tries < seconds * kLooksASecond; ++tries) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == ECHILD) return true;
    if (ended <= 0) ::usleep(1'000'000 / kLooksASecond);
  }
  return false;
}

bool is_python(const platform::RunningProcess& process) {
  return may_run_python(process.program, process.words);
}

// Waits for orphans: helpers of the program, such as multiprocessing's servers, end a moment after
// it, when their pipe is closed. Where the verdict depends on it, a Python gets more time, for a
// busy machine. Returns those that still run.
std::vector<platform::RunningProcess> wait_for_orphans(bool is_watched) {
  constexpr int kPythonSeconds = 4;
  if (are_orphans_met(1) || !is_watched) return {};
  std::vector<platform::RunningProcess> left = platform::list_descendants();
  if (std::none_of(left.begin(), left.end(), is_python)) return left;
  return are_orphans_met(kPythonSeconds) ? std::vector<platform::RunningProcess>()
                                         : platform::list_descendants();
}

// Signals are forwarded until the program has ended.
Error run_and_wait(const std::vector<std::string>& words, Environment& environment,
                   const Stage& stage, TracedRun& done) {
  ForwardedSignals signals;
  pid_t child = 0;
  const Group group = stage.seconds != 0 ? Group::Own : Group::Ours;
  errno = signals.spawn(words, environment.entries(), stage.streams, group, child);
  if (errno != 0) return system_error(words.front());
  done.process = static_cast<std::uint32_t>(child);
  if (stage.seconds != 0 && !ends_within(child, stage.seconds)) {
    done.is_killed = ::kill(-child, SIGKILL) == 0;
  }
  done.status = wait_for(child);
  return {};
}

}  // namespace

TracedProgram::~TracedProgram() {
  std::error_code error;
  if (!folder_.empty() && !is_kept_) fs::remove_all(folder_, error);
}

Error TracedProgram::make_folder() {
  return folder_.empty() ? make_temporary_folder(folder_, noted_) : Error();
}

Error make_temporary_folder(std::string& path, pymemflow::platform::TemporaryPath& noted) {
  const std::string wanted = temporary_folder();
  const bool is_usable = wanted.front() == '/' && is_plain(wanted);
  path = (is_usable ? wanted : "/tmp") + "/pymemflow.XXXXXX";
  if (noted.make_folder(path.data()) == 0) return {};
  const Error error = system_error(path);
  path.clear();
  return error;
}

Error find_library(const std::string& folder, std::string& path) {
  const std::string name = std::string("/") + platform::kLibraryName;
  path = platform::own_folder() + name;
  if (::access(path.c_str(), R_OK) != 0) {
    // Not in a build folder or a wheel: where cmake/install.cmake puts it.
    const fs::path installed = fs::path(platform::own_folder()) / PMF_LIBRARY_FOLDER;
    path = installed.lexically_normal().string() + name;
  }
  if (::access(path.c_str(), R_OK) != 0) {
    errno = ENOENT;
    return system_error(platform::own_folder() + name);
  }
  return make_preloadable(folder, path);
}

Error make_preloadable(const std::string& folder, std::string& library) {
  if (is_plain(library)) return {};
  for (int number = 0;; ++number) {
    const std::string link = folder + "/" + std::to_string(number) + platform::kLibraryName;
    std::error_code error;
    fs::create_symlink(library, link, error);
    if (error == std::errc::file_exists) continue;
    if (error) return Error(link + ": " + error.message());
    library = link;
    return {};
  }
}

bool runs_on_musl(const std::string& program) {
  const ProgramFile file = examine_file(program);
  const std::string by = file.interpreter.substr(0, file.interpreter.find(' '));
  return is_for_musl(by.empty() ? file : examine_file(by));
}

TracedRun TracedProgram::run(const std::vector<std::string>& words, const Options& options,
                             const Stage& stage) {
  TracedRun done;
  std::string library;
  done.error = Error(platform::reason_not_traceable(words));
  if (!done.error) done.error = make_folder();
  if (!done.error) done.error = find_library(folder_, library);
  if (done.error) return done;
  const std::string pattern = options.capture.empty()
                                  ? escaped_pattern(folder_) + "/" + kCaptureStart + "%p.%t"
                                  : std::string(options.capture);
  Environment environment(environ);
  RunLog log;
  done.is_untraced = stage.is_traced && runs_on_musl(words.front());
  if (done.is_untraced) {
    if (stage.warn != nullptr)
      stage.warn(words.front() +
                 " is built for musl, and this library for glibc; the program runs untraced");
  } else if (stage.is_traced) {
    environment.preload(library);
    Options handed_on = options;
    handed_on.capture = pattern;
    environment.set_options(handed_on);
    if (stage.is_watched && platform::kHasProcessLog) done.error = log.create(folder_, library);
    if (!log.path().empty()) environment.set(kProcessLogVariable, log.path());
    if (done.error) return done;
  }
  const std::uint64_t started_ns = realtime_ns();
  const FolderWatch watch(folder_);
  if (stage.keeps_record) noted_.mark_as_record();
  platform::adopt_orphans();
  done.error = run_and_wait(words, environment, stage, done);
  if (done.error) return done;
  done.running = wait_for_orphans(stage.is_watched);
  done.captures = find_captures(pattern, started_ns);
  done.unseen = log.unseen(done.captures);
  done.is_folder_changed = watch.has_changed();
  return done;
}

Error read_environment(Options& options) {
  const OptionError error = read_options(environ, options);
  if (!error) return {};
  return Error(std::string(error.variable) + " " + std::string(error.problem));
}

}  // namespace pymemflow::cli
