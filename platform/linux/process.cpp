// This process, its host, and the programs that it could run, on Linux.

#include "platform/process.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string_view>

#include "platform/clock.h"
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

// The kernel counts in hundredths of a second in what it tells programs, on all processors that we
// build for.
constexpr std::uint64_t kTickNs = 10'000'000;

// Of the fields of /proc/PID/stat after the name, which ends with the last bracket. Field 22 is
// when the process began, in ticks since the system started; 0: there is no such field.
std::uint64_t ticks_at_begin(std::string_view stat) {
  constexpr int kFieldsBetween = 22 - 3;
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return 0;
  std::size_t field = name_end + 2;
  for (int i = 0; i < kFieldsBetween; ++i) {
    field = stat.find(' ', field);
    if (field == std::string_view::npos) return 0;
    ++field;
  }
  std::uint64_t ticks = 0;
  std::from_chars(stat.data() + field, stat.data() + stat.size(), ticks);
  return ticks;
}

}  // namespace

// Not of /proc/thread-self, which has the time of the thread.
std::uint64_t process_began_ns() {
  char text[1024];
  const std::uint64_t ticks = ticks_at_begin({text, read_start("/proc/self/stat", text)});
  timespec since_start{};
  if (ticks == 0) return 0;
  if (failed(system_call(SYS_clock_gettime, CLOCK_BOOTTIME, &since_start))) return 0;
  const std::uint64_t system_began = realtime_ns() - nanoseconds(since_start);
  return system_began + ticks * kTickNs;
}

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
