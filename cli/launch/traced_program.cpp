#include "cli/launch/traced_program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "cli/captures/captures.h"
#include "cli/commands/cli11.h"
#include "cli/commands/commands.h"
#include "cli/doctor/probe.h"
#include "cli/launch/environment.h"
#include "cli/launch/signals.h"
#include "cli/platform/platform.h"
#include "cli/platform/protections.h"

extern "C" char** environ;

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

// Lets it end by itself for so long. False: it did not.
bool ends_within(pid_t child, int seconds) {
  constexpr int kLooksASecond = 100;
  for (int looks = 0; looks < seconds * kLooksASecond; ++looks) {
    siginfo_t facts{};
    const int flags = WEXITED | WNOHANG | WNOWAIT;
    if (::waitid(P_PID, static_cast<id_t>(child), &facts, flags) != 0 || facts.si_pid != 0) {
      return true;
    }
    ::usleep(1'000'000 / kLooksASecond);
  }
  return false;
}

// The program, or what runs it if it is a script.
bool runs_on_musl(const std::string& program) {
  const doctor::ProgramFile file = doctor::examine_file(program);
  const std::string by = file.interpreter.substr(0, file.interpreter.find(' '));
  return doctor::is_for_musl(by.empty() ? file : doctor::examine_file(by));
}

// Takes the child's end. 128 + n: signal n ended it.
int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return kUsageError;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Helpers of the program may end a moment after it, as multiprocessing's servers do when their pipe
// is closed. What goes on for longer is none of them.
void wait_for_others() {
  for (int tries = 0; tries < 100; ++tries) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == ECHILD) return;
    if (ended <= 0) ::usleep(10'000);
  }
}

}  // namespace

TracedProgram::~TracedProgram() {
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

bool TracedProgram::make_folder(std::string& problem) {
  const char* const wanted = std::getenv("TMPDIR");
  const bool is_usable = wanted != nullptr && *wanted == '/' && is_plain(wanted);
  std::string pattern = std::string(is_usable ? wanted : "/tmp") + "/pymemflow.XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    problem = pattern + ": " + std::strerror(errno);
    return false;
  }
  folder_ = pattern;
  return true;
}

std::string TracedProgram::find_library() {
  const std::string name = std::string("/") + platform::kLibraryName;
  const std::string library = platform::own_folder() + name;
  if (::access(library.c_str(), R_OK) != 0) return {};
  if (is_plain(library)) return library;
  std::error_code error;
  fs::create_symlink(library, folder_ + name, error);
  return error ? std::string() : folder_ + name;
}

TracedRun TracedProgram::run(const std::vector<std::string>& words, const Options& asked,
                             const Stage& stage) {
  TracedRun done;
  done.problem = platform::reason_not_traceable(words);
  if (!done.problem.empty() || !make_folder(done.problem)) return done;
  const std::string library = find_library();
  if (library.empty()) {
    done.problem =
        platform::own_folder() + "/" + platform::kLibraryName + ": " + std::strerror(ENOENT);
    return done;
  }
  const std::string pattern = asked.capture.empty() ? escaped_pattern(folder_) + "/capture.%p.%t"
                                                    : std::string(asked.capture);
  Environment environment(environ);
  done.is_untraced = stage.is_traced && runs_on_musl(words.front());
  if (done.is_untraced) {
    complain(words.front() +
             " is for musl, and this library for glibc; this program runs untraced");
  } else if (stage.is_traced) {
    environment.preload(library);
    environment.set_options(asked, pattern);
  }
  const std::uint64_t started_ns = realtime_ns();
  platform::adopt_orphans();
  ForwardedSignals signals;
  pid_t child = 0;
  if (const int error = signals.spawn(words, environment.entries(), stage.streams, child)) {
    done.problem = words.front() + ": " + std::strerror(error);
    return done;
  }
  done.process = static_cast<std::uint32_t>(child);
  if (stage.seconds != 0 && !ends_within(child, stage.seconds)) {
    done.is_killed = ::kill(child, SIGKILL) == 0;
  }
  done.status = wait_for(child);
  wait_for_others();
  done.captures = find_captures(pattern, started_ns);
  return done;
}

void read_environment(Options& options) {
  const OptionError error = read_options(environ, options);
  if (error) throw CLI::ValidationError(std::string(error.variable), std::string(error.problem));
}

}  // namespace pymemflow::cli
