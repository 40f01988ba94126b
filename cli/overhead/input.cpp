#include "cli/overhead/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace pymemflow::cli::overhead {
namespace {

constexpr int kPatienceMs = 1000;

bool write_all(int file, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = ::write(file, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    bytes -= static_cast<std::size_t>(written);
  }
  return true;
}

bool copy_to(int file) {
  static char buffer[std::size_t{1} << 16];
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, kPatienceMs) == 0) {
    say("reading standard input, for all runs; if the program needs none, end it or use "
        "</dev/null");
  }
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    if (!write_all(file, buffer, static_cast<std::size_t>(got))) return false;
  }
}

}  // namespace

Error copy_standard_input(const std::string& copy, std::string& source) {
  source = "/dev/null";
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0 || ::isatty(STDIN_FILENO) != 0) return {};
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    source = "/dev/stdin";
    return {};
  }
  const int file = ::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return system_error(copy);
  Error error;
  if (!copy_to(file)) error = system_error("standard input");
  ::close(file);
  source = copy;
  return error;
}

}  // namespace pymemflow::cli::overhead
