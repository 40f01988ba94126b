#include "report/base/output.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "report/base/output_file.h"

namespace pymemflow::report {
namespace {

// Blocks the signals that write(2) can send, on this thread. take_back() removes a signal that
// write(2) has just raised, so that the host never sees it; a signal that was pending before
// belongs to the host and stays. The kernel sends these signals to the thread that writes, so no
// other thread can take ours, and sigwait() returns at once.
class WriteSignals {
 public:
  WriteSignals() {
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ);
    sigpending(&pending_before_);
    pthread_sigmask(SIG_BLOCK, &ours, &mask_before_);
  }
  ~WriteSignals() { pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }
  WriteSignals(const WriteSignals&) = delete;
  WriteSignals& operator=(const WriteSignals&) = delete;

  void take_back(int signal_number) const {
    if (sigismember(&pending_before_, signal_number) == 1) return;
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, signal_number) != 1) return;
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal_number);
    int taken = 0;
    sigwait(&one, &taken);
  }

 private:
  sigset_t pending_before_;
  sigset_t mask_before_;
};

// A host may have made its stderr non-blocking; then we wait as a blocking write would.
bool wait_until_writable(int fd) {
  pollfd request = {.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&request, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

String expanded_path(std::string_view pattern, pid_t pid) {
  String path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = pattern.substr(i, 2);
    if (two == "%p") {
      fmt::format_to(std::back_inserter(path), "{}", pid);
      ++i;
    } else {
      path += pattern[i];
      if (two == "%%") ++i;
    }
  }
  return path;
}

Output::Output(int fd)
    : fd_(fd),
      owns_fd_(false),
      buffer_(static_cast<char*>(allocate(kBufferBytes))),
      end_(buffer_),
      limit_(buffer_ + kBufferBytes) {}

Output::Output(const char* path, const OutputRules& rules) : Output(-1) {
  errno = ENOTSUP;
  if (rules.is_replaced) fd_ = replacement_.open(path, rules.reading);
  is_replacing_ = fd_ >= 0;
  if (fd_ < 0 && errno == ENOTSUP) {
    fd_ = rules.is_new ? open_new_file(path) : open_output_file(path, rules.reading);
  }
  owns_fd_ = fd_ >= 0;
  if (fd_ < 0) error_ = errno;
}

Output::~Output() {
  close();
  release(buffer_, kBufferBytes);
}

void Output::write(std::string_view text) {
  if (text.size() > kBufferBytes) {
    flush();
    write_out(text.data(), text.size());
    return;
  }
  char* const room = reserve(text.size());
  std::memcpy(room, text.data(), text.size());
  commit(room + text.size());
}

bool Output::flush() {
  write_out(buffer_, static_cast<std::size_t>(end_ - buffer_));
  end_ = buffer_;
  return error_ == 0;
}

bool Output::close() {
  flush();
  // Not repeated after EINTR: the descriptor is closed, and its number may be in use again by now.
  if (owns_fd_ && ::close(fd_) != 0 && errno != EINTR && error_ == 0) error_ = errno;
  owns_fd_ = false;
  if (is_replacing_ && error_ == 0 && !replacement_.commit()) error_ = errno;
  is_replacing_ = false;
  return error_ == 0;
}

void Output::write_out(const char* text, std::size_t size) {
  if (size == 0 || error_ != 0) return;
  const WriteSignals signals;
  while (size > 0 && error_ == 0) {
    const ssize_t written = ::write(fd_, text, size);
    if (written >= 0) {
      text += written;
      size -= static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      if (!wait_until_writable(fd_)) error_ = errno;
    } else if (errno != EINTR) {
      error_ = errno;
      if (error_ == EPIPE) signals.take_back(SIGPIPE);
      if (error_ == EFBIG) signals.take_back(SIGXFSZ);
    }
  }
}

}  // namespace pymemflow::report
