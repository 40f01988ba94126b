#include "report/symbols/linux/line_helper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "report/symbols/byte_text.h"
#include "report/symbols/linux/dwarf_lines.h"

namespace pymemflow::report {
namespace {

constexpr rlim_t kMostSeconds = 30;  // of processor time
constexpr std::uint64_t kMostHelperMemory = std::uint64_t{1} << 30;
constexpr std::size_t kMostFiles = 32;  // that are open at the same time
constexpr std::size_t kMostRequestBytes = std::size_t{1} << 16;

void set_limit(int which, rlim_t most) {
  struct rlimit limit {};
  if (::getrlimit(static_cast<__rlimit_resource>(which), &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, most);
  ::setrlimit(static_cast<__rlimit_resource>(which), &limit);
}

// If memory runs out, the helper goes first.
void prefer_to_be_killed() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(::write(file, "1000", 4));
  ::close(file);
}

// The helper must hold no output of the report open: its reader waits for the end.
void close_all_but(int socket) {
#ifdef SYS_close_range
  const bool is_closed = (socket == 0 || ::syscall(SYS_close_range, 0, socket - 1, 0) == 0) &&
                         ::syscall(SYS_close_range, socket + 1, ~0U, 0) == 0;
  if (is_closed) return;
#endif
  const long most = std::min(::sysconf(_SC_OPEN_MAX), 65536L);
  for (int file = 0; file < most; ++file) {
    if (file != socket) ::close(file);
  }
}

void take_default_signals() {
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGALRM, SIGXCPU}) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The data of this process so far, which a limit counts.
std::uint64_t data_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long pages = 0;
  const int read = std::fscanf(file, "%*s %*s %*s %*s %*s %llu", &pages);
  std::fclose(file);
  return read == 1 ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

bool read_whole(int socket, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, bytes, size, 0);
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_whole(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

class Files {
 public:
  explicit Files(const DwarfFunctions& dwarf) : dwarf_(dwarf), first_data_(data_bytes()) {}

  DwarfLines& at(std::string_view path) {
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    if (files_.size() == kMostFiles) files_.clear();
    struct stat status {};
    const String name(path);
    // libdw maps the file in a way that counts as data.
    if (::stat(name.c_str(), &status) == 0) bytes_ += static_cast<std::uint64_t>(status.st_size);
    set_limit(RLIMIT_DATA, first_data_ + bytes_ + kMostHelperMemory);
    return files_.try_emplace(name, dwarf_, name).first->second;
  }

 private:
  const DwarfFunctions& dwarf_;
  std::uint64_t first_data_;
  std::uint64_t bytes_ = 0;  // of the files
  Map<String, DwarfLines> files_;
};

}  // namespace

String line_request(std::string_view path, std::uint64_t address) {
  String request;
  put_text(request, path);
  put_number(request, address);
  return request;
}

void run_line_helper(const DwarfFunctions& dwarf, int socket, pid_t parent, bool may_ask_servers) {
  // The parent's handler continues the report, which this process must not.
  set_out_of_memory([] { ::_exit(1); });
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  close_all_but(socket);
  take_default_signals();
  prefer_to_be_killed();
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_CPU, kMostSeconds);
  ::prctl(PR_SET_DUMPABLE, 0);
  // libdw asks the servers that this variable names.
  if (!may_ask_servers) ::unsetenv("DEBUGINFOD_URLS");
  Files files(dwarf);
  std::uint64_t size = 0;
  while (read_whole(socket, reinterpret_cast<char*>(&size), sizeof size) &&
         size <= kMostRequestBytes) {
    String request(static_cast<std::size_t>(size), '\0');
    if (!read_whole(socket, request.data(), request.size())) break;
    Bytes bytes(request);
    const std::string_view path = bytes.text();
    const std::uint64_t address = bytes.number();
    String answer;
    put_lines(answer, files.at(path).find(address));
    String head;
    put_number(head, answer.size());
    if (!write_whole(socket, head + answer)) break;
  }
  ::_exit(0);
}

}  // namespace pymemflow::report
