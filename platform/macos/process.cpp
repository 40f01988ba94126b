// This process, its host, and the programs that it could run, on macOS.

#include "platform/process.h"

#include <crt_externs.h>
#include <fcntl.h>
#include <mach-o/fat.h>
#include <mach-o/loader.h>
#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>

#include "platform/clock.h"
#include "platform/errno_keeper.h"
#include "platform/host_lines.h"

namespace pymemflow::platform {

void forbid_system_calls(bool) {}

char** environment() {
  return *::_NSGetEnviron();
}

bool is_environment_trusted() {
  return ::issetugid() == 0;
}

void visit_command_line(ReadPiece visit, void* context) {
  char** const words = *::_NSGetArgv();
  const int count = *::_NSGetArgc();
  for (int i = 0; words != nullptr && i < count && words[i] != nullptr; ++i) {
    visit(words[i], std::strlen(words[i]) + 1, context);
  }
}

std::uint64_t process_began_ns() {
  const ErrnoKeeper keeper;
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, ::getpid()};
  kinfo_proc facts{};
  std::size_t size = sizeof facts;
  if (::sysctl(name, 4, &facts, &size, nullptr, 0) != 0 || size == 0) return 0;
  const timeval& began = facts.kp_proc.p_starttime;
  return nanoseconds({.tv_sec = began.tv_sec, .tv_nsec = began.tv_usec * 1'000L});
}

bool could_run(const char* path) {
  const ErrnoKeeper keeper;
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  std::uint32_t magic = 0;
  const ssize_t got = ::read(file, &magic, sizeof magic);
  ::close(file);
  if (got != sizeof magic) return true;
  for (const std::uint32_t known :
       {MH_MAGIC_64, MH_CIGAM_64, FAT_MAGIC, FAT_CIGAM, FAT_MAGIC_64, FAT_CIGAM_64}) {
    if (magic == known) return true;
  }
  return std::memcmp(&magic, "#!", 2) == 0;
}

std::size_t describe_host(std::span<char> text) {
  const ErrnoKeeper keeper;
  utsname host{};
  if (::uname(&host) != 0) return 0;
  return put_host_lines(host, text);
}

}  // namespace pymemflow::platform
