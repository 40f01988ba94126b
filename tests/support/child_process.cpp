#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <stdexcept>

extern "C" char** environ;

namespace pymemflow::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_writing_end() {
    ::close(ends[1]);
    ends[1] = -1;
  }
};

std::vector<std::string> environment_of(const RunOptions& options) {
  std::vector<std::string> entries;
  for (char** entry = environ; !options.is_environment_empty && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!options.environment.contains(text.substr(0, text.find('=')))) entries.push_back(text);
  }
  for (const auto& [name, value] : options.environment) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

pid_t start(std::vector<std::string> arguments, const RunOptions& options, const Pipe& out,
            const Pipe& err) {
  std::vector<std::string> environment = environment_of(options);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments[0].c_str(), &actions, nullptr,
                                   pointers(arguments).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + arguments[0]);
  return pid;
}

// Reads both until they are closed, or until `deadline`; false then.
bool read_all(std::array<pollfd, 2>& requests, std::array<std::string*, 2> texts,
              Clock::time_point deadline) {
  int open = 2;
  while (open > 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    ::poll(requests.data(), requests.size(), static_cast<int>(left.count()));
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i].fd < 0 || requests[i].revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t got = ::read(requests[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(got));
      } else {
        requests[i].fd = -1;
        --open;
      }
    }
  }
  return true;
}

}  // namespace

Child run(const std::vector<std::string>& arguments, const RunOptions& options) {
  Child child;
  Pipe out;
  Pipe err;
  child.pid = start(arguments, options, out, err);
  out.close_writing_end();
  err.close_writing_end();
  std::array<pollfd, 2> requests{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
  const auto deadline = Clock::now() + std::chrono::seconds(options.timeout_seconds);
  if (!read_all(requests, {&child.out, &child.err}, deadline)) {
    child.is_timed_out = true;
    ::kill(child.pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  if (WIFEXITED(status)) child.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) child.signal_number = WTERMSIG(status);
  return child;
}

}  // namespace pymemflow::test
