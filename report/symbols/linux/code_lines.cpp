#include "report/symbols/code_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "report/symbols/byte_text.h"
#include "report/symbols/linux/line_helper.h"

namespace pymemflow::report {
namespace {

constexpr std::int64_t kMostMs = 5'000;  // of waiting for helpers, for one report
constexpr std::int64_t kMostMsWithServers = 600'000;
constexpr char kDebugFolder[] = "/usr/lib/debug";

std::int64_t now_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

bool is_file(const String& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

String path_of_build_id(std::string_view build_id) {
  constexpr char kDigits[] = "0123456789abcdef";
  String path = kDebugFolder;
  path += "/.build-id/";
  for (std::size_t i = 0; i < build_id.size(); ++i) {
    const auto byte = static_cast<unsigned char>(build_id[i]);
    path += kDigits[byte >> 4];
    path += kDigits[byte & 15];
    if (i == 0) path += '/';
  }
  path += ".debug";
  return path;
}

// The places in which libdw looks.
bool has_file_beside(const DebuggedFile& file) {
  if (file.build_id.size() > 1 && is_file(path_of_build_id(file.build_id))) return true;
  if (file.debug_link.empty() || file.debug_link.find('/') != std::string_view::npos) return false;
  const String folder(file.path.substr(0, file.path.rfind('/') + 1));
  const String name(file.debug_link);
  return is_file(folder + name) || is_file(folder + ".debug/" + name) ||
         is_file(kDebugFolder + folder + name);
}

// A filter of system calls that the traced program has set holds in its reporter too, and may end
// it at a fork. Files are opened in any case.
bool is_restricted() {
  char text[4096];
  const int file = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t size = ::read(file, text, sizeof text);
  ::close(file);
  constexpr std::string_view kName = "\nSeccomp:\t";
  const std::string_view status(text, size < 0 ? 0 : static_cast<std::size_t>(size));
  const std::size_t found = status.find(kName);
  return found != std::string_view::npos && status.substr(found + kName.size(), 1) != "0";
}

// Waits for `event`. False: the time is over, or the helper ended.
bool wait_for(int socket, std::int64_t& time_left_ms) {
  pollfd waited = {.fd = socket, .events = POLLIN, .revents = 0};
  while (time_left_ms > 0) {
    const std::int64_t began = now_ms();
    const int ready = ::poll(&waited, 1, static_cast<int>(time_left_ms));
    time_left_ms -= now_ms() - began;
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

bool receive(int socket, char* bytes, std::size_t size, std::int64_t& time_left_ms) {
  while (size > 0) {
    if (!wait_for(socket, time_left_ms)) return false;
    const ssize_t got = ::recv(socket, bytes, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

CodeLines::~CodeLines() {
  stop();
}

Vector<CodeLine> CodeLines::find(const DebuggedFile& file, std::uint64_t address) {
  auto known = files_.find(file.path);
  if (known == files_.end()) known = files_.emplace(file.path, has_information(file)).first;
  if (!known->second) return {};
  if (helper_ < 0 && !start()) {
    known->second = false;
    return {};
  }
  Vector<CodeLine> lines = ask(file, address);
  // It has ended, or was stopped, at this file.
  if (helper_ < 0) known->second = false;
  return lines;
}

bool CodeLines::has_information(const DebuggedFile& file) {
  if (file.has_own || has_file_beside(file)) return true;
  if (!may_ask_servers_ || file.build_id.empty()) return false;
  const char* const servers = std::getenv("DEBUGINFOD_URLS");
  if (servers == nullptr || *servers == '\0') {
    gaps_.note(SymbolGap::NoServers);
    return false;
  }
  if (has_debuginfod()) return true;
  gaps_.note(SymbolGap::NoDebuginfod);
  return false;
}

bool CodeLines::start() {
  const DwarfFunctions* const dwarf = dwarf_functions();
  if (dwarf == nullptr) {
    gaps_.note(SymbolGap::NoLines);
    return false;
  }
  if (starts_left_ == kMostStarts) time_left_ms_ = may_ask_servers_ ? kMostMsWithServers : kMostMs;
  int ends[2];
  if (starts_left_ == 0 || time_left_ms_ <= 0 || is_restricted() ||
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    gaps_.note(SymbolGap::NoHelper);
    return false;
  }
  --starts_left_;
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) run_line_helper(*dwarf, ends[1], parent, may_ask_servers_);
  ::close(ends[1]);
  if (process_ > 0) {
    helper_ = ends[0];
    return true;
  }
  ::close(ends[0]);
  gaps_.note(SymbolGap::NoHelper);
  return false;
}

void CodeLines::stop() {
  if (helper_ < 0) return;
  ::close(helper_);
  helper_ = -1;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Vector<CodeLine> CodeLines::ask(const DebuggedFile& file, std::uint64_t address) {
  const String request = line_request(file.path, address);
  String bytes;
  put_number(bytes, request.size());
  bytes += request;
  // A request is smaller than the buffer of a socket, and the helper waits for it.
  const bool is_sent = ::send(helper_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                       static_cast<ssize_t>(bytes.size());
  std::uint64_t size = 0;
  Vector<CodeLine> lines;
  if (is_sent && receive(helper_, reinterpret_cast<char*>(&size), sizeof size, time_left_ms_) &&
      size <= kMostAnswerBytes) {
    String answer(static_cast<std::size_t>(size), '\0');
    if (receive(helper_, answer.data(), answer.size(), time_left_ms_)) {
      Bytes left(answer);
      read_lines(left, lines);
      return lines;
    }
  }
  gaps_.note(time_left_ms_ <= 0 ? SymbolGap::NoTime : SymbolGap::DamagedLines);
  stop();
  return lines;
}

}  // namespace pymemflow::report
