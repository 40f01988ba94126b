// This process, its host, and the programs that it could run, on Linux.

#include "platform/process.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>

#include "platform/host_lines.h"
#include "platform/linux/system_call.h"

namespace pymemflow::platform {
namespace {

// Passes the content of a file to `visit` in pieces. A file that cannot be read has none.
void visit_content(const char* path, ReadPiece visit, void* context) {
  const long file = system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return;
  char buffer[4096];
  for (;;) {
    const long got = system_call(SYS_read, file, buffer, sizeof buffer);
    if (got == -EINTR) continue;
    if (got <= 0) break;
    visit(buffer, static_cast<std::size_t>(got), context);
  }
  system_call(SYS_close, file);
}

// Reads the first bytes of a file and returns their number.
std::size_t read_start(const char* path, std::span<char> start) {
  const long file = system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return 0;
  const long got = system_call(SYS_read, file, start.data(), start.size());
  system_call(SYS_close, file);
  return failed(got) ? 0 : static_cast<std::size_t>(got);
}

}  // namespace

void forbid_system_calls(bool are_forbidden) {
  are_calls_forbidden.store(are_forbidden);
}

char** environment() {
  return environ;
}

bool is_environment_trusted() {
  return ::getauxval(AT_SECURE) == 0;
}

void visit_command_line(ReadPiece visit, void* context) {
  visit_content("/proc/thread-self/cmdline", visit, context);
}

// Any format may be registered with the kernel (binfmt_misc).
bool could_run(const char* path) {
  char start[2];
  if (read_start(path, start) != sizeof start) return true;
  const bool is_known = std::memcmp(start,
                                    "\x7f"
                                    "E",
                                    sizeof start) == 0 ||
                        std::memcmp(start, "#!", sizeof start) == 0;
  return is_known ||
         !failed(system_call(SYS_faccessat, AT_FDCWD, "/proc/sys/fs/binfmt_misc/status", F_OK));
}

std::size_t describe_host(std::span<char> text) {
  utsname host{};
  if (failed(system_call(SYS_uname, &host))) return 0;
  return put_host_lines(host, text);
}

}  // namespace pymemflow::platform
