#include "cli/launch/end_signals.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cli/console/text.h"
#include "cli/launch/traced_program.h"
#include "platform/temporary_path.h"

namespace pymemflow::cli {
namespace {

namespace fs = std::filesystem;

struct EndSignal {
  int number;
  const char* name;
};
constexpr EndSignal kEndSignals[] = {
    {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},
    {SIGTERM, "SIGTERM"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"},
    {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"},
};

int pipe_ends[2] = {-1, -1};

// Tells the thread. A thread of ours that wrote into a broken pipe goes no further, so that it
// prints nothing about it: it holds no lock that the thread needs.
void tell(int number, siginfo_t* details, void*) {
  const int before = errno;
  const auto byte = static_cast<unsigned char>(number);
  static_cast<void>(!::write(pipe_ends[1], &byte, 1));
  while (number == SIGPIPE && details->si_pid == ::getpid()) ::pause();
  errno = before;
}

std::vector<std::string> records_in(const std::string& folder) {
  std::vector<std::string> records;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with(kCaptureStart) && !name.ends_with(kWindowsSuffix))
      records.push_back(at->path().string());
  }
  return records;
}

// Not by stdio, whose locks the main thread may hold.
void say_kept(const std::string& record, const char* signal) {
  const std::string line = "pymemflow: ended by " + std::string(signal) +
                           " before the report was complete; the record is kept in " +
                           printable(record) + "\n";
  static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

void remove_all(const std::string& folder) {
  // The main thread may still make files there.
  constexpr int kTries = 5;
  std::error_code error;
  for (int tries = 0; tries < kTries && fs::exists(folder, error); ++tries) {
    fs::remove_all(folder, error);
  }
}

void end(const pymemflow::platform::TemporaryPath& each, const char* signal) {
  const std::string path = each.path();
  if (!each.is_folder()) {
    ::unlink(path.c_str());
    return;
  }
  const std::vector<std::string> records =
      each.is_record() ? records_in(path) : std::vector<std::string>();
  if (records.empty()) return remove_all(path);
  say_kept(records.size() == 1 ? records.front() : path, signal);
}

// The action of the signal is the one that it had before tell().
void end_by(int number) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(number, &action, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  ::raise(number);
}

void wait_for_signal() {
  unsigned char number = 0;
  ssize_t bytes = 0;
  while ((bytes = ::read(pipe_ends[0], &number, 1)) < 0 && errno == EINTR) {
  }
  if (bytes != 1) return;
  const char* name = "";
  for (const EndSignal& each : kEndSignals) {
    if (each.number == number) name = each.name;
  }
  const pymemflow::platform::TemporaryPath* each = pymemflow::platform::take_temporary_paths();
  for (; each != nullptr; each = each->next()) end(*each, name);
  end_by(number);
}

// False: there can be no more threads or descriptors, and signals end the command as they do alone.
bool start_thread() {
  if (::pipe(pipe_ends) != 0) return false;
  for (const int descriptor : pipe_ends) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  bool is_started = true;
  try {
    std::thread(wait_for_signal).detach();
  } catch (const std::system_error&) {
    is_started = false;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return is_started;
}

void begin() {
  if (!start_thread()) return;
  for (const EndSignal& each : kEndSignals) {
    struct sigaction action {};
    if (::sigaction(each.number, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action.sa_sigaction = tell;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(each.number, &action, nullptr);
  }
}

}  // namespace

void clean_up_at_signals() {
  pymemflow::platform::note_temporary_paths(begin);
}

}  // namespace pymemflow::cli
