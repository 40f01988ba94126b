#include "interpose/library/linux/reporter_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

#include "interpose/hooks/linux/waits.h"
#include "interpose/library/linux/end_stacks.h"
#include "platform/linux/own_stack.h"
#include "platform/linux/signal_action.h"

namespace pymemflow::interpose {
namespace {

using platform::clone_onto;
using platform::failed;
using platform::system_call;

constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxArguments = 8;

// In the reporter.
constexpr int kOutput = 1;
constexpr int kCapture = 3;
constexpr int kStandardError = 4;
constexpr int kWindows = 5;
constexpr int kSpare = 6;
constexpr int kSecondSpare = 7;

constinit char library_file[kMaxPath] = {};
constinit char loader_file[kMaxPath] = {};

struct Job {
  const ReporterStart& start;
  const char* arguments[kMaxArguments + 2];  // loader, library, arguments
  int reporter = 0;
  ReporterEnd end = {};
};

int note_loader(dl_phdr_info* library, std::size_t, void* base) {
  if (library->dlpi_addr != *static_cast<ElfW(Addr)*>(base)) return 0;
  const std::size_t bytes = std::strlen(library->dlpi_name) + 1;
  if (bytes <= sizeof loader_file) std::memcpy(loader_file, library->dlpi_name, bytes);
  return 1;
}

// --- in the process that becomes the reporter ----------------------------------------------------

void raise_limit(int which, std::uint64_t enough) {
  struct rlimit64 limit {};
  if (failed(system_call(SYS_prlimit64, 0, which, nullptr, &limit))) return;
  if (limit.rlim_cur >= enough) return;
  limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
  system_call(SYS_prlimit64, 0, which, &limit, nullptr);
}

// A host may have given away its right to open files; root may take it back.
void allow_some_files() {
  constexpr rlimit64 kSome = {.rlim_cur = 64, .rlim_max = 64};
  struct rlimit64 limit {};
  if (failed(system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit))) return;
  if (limit.rlim_max < kSome.rlim_max) {
    system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, &kSome, nullptr);
  }
}

// The limits come from the host, which may have used them up.
void raise_limits() {
  allow_some_files();
  for (const int which : {RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_NOFILE}) {
    raise_limit(which, RLIM64_INFINITY);
  }
  // Without a limit of the stack, the kernel would lay out the memory in another way.
  raise_limit(RLIMIT_STACK, std::uint64_t{8} << 20);
}

// Makes `file` the descriptor `number`, which an exec leaves open. False: the limit is lower.
bool place(int file, int number) {
  return !failed(file == number ? system_call(SYS_fcntl, number, F_SETFD, 0)
                                : system_call(SYS_dup3, file, number, 0));
}

// The table of descriptors is a copy by now: the host keeps its own. The loader's messages are
// dropped: if it cannot start the reporter, the host says so. False: the reporter may not have as
// many as it needs.
bool take_descriptors(const ReporterStart& start) {
  // First the one whose number may be the target of another one.
  if (start.output >= 0 && !place(start.output, kOutput)) return false;
  const int spare_windows = start.capture == kSpare ? kSecondSpare : kSpare;
  const int spare_capture = spare_windows == kSpare ? kSecondSpare : kSpare;
  const bool has_windows = start.windows >= 0;
  if (has_windows && !place(start.windows, spare_windows)) return false;
  if (!place(start.capture, spare_capture)) return false;
  if (start.standard_error < 0) {
    system_call(SYS_close, kStandardError);
  } else if (!place(start.standard_error, kStandardError)) {
    return false;
  }
  place(spare_capture, kCapture);
  if (has_windows) {
    place(spare_windows, kWindows);
  } else {
    system_call(SYS_close, kWindows);
  }
#ifdef SYS_close_range
  // Before Linux 5.9 the reporter closes them itself.
  system_call(SYS_close_range, kWindows + 1, ~0U, 0);
#endif
  for (const int number : {0, kOutput, 2}) {
    if (number == kOutput && start.output >= 0) continue;
    system_call(SYS_close, number);
    system_call(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);  // the lowest number, if it can
  }
  return true;
}

bool may_run_code(const char* file) {
  constexpr long kNoExec = 8;  // ST_NOEXEC
  struct statfs disk {};
  return failed(system_call(SYS_statfs, file, &disk)) || (disk.f_flags & kNoExec) == 0;
}

long become_reporter(void* argument) {
  Job& job = *static_cast<Job*>(argument);
  raise_limits();
  if (!take_descriptors(job.start)) {
    job.end.refused = EMFILE;
    return 127;
  }
  const char** const arguments = job.arguments + 1;
  long refused = system_call(SYS_execve, library_file, arguments, job.start.environment);
  // The file may lack the permission, or its interpreter be elsewhere: the host's loader can run
  // it.
  if ((refused == -EACCES || refused == -ENOENT) && loader_file[0] != '\0' &&
      !failed(system_call(SYS_faccessat, AT_FDCWD, library_file, R_OK)) &&
      may_run_code(library_file)) {
    refused = system_call(SYS_execve, loader_file, job.arguments, job.start.environment);
  }
  job.end.refused = static_cast<int>(-refused);
  return 127;
}

// --- in the intermediate process -----------------------------------------------------------------

long start_and_wait(void* argument) {
  Job& job = *static_cast<Job*>(argument);
  // A host that ignores SIGCHLD never learns how its children ended.
  const platform::SignalAction by_default = {};
  platform::set_action(SIGCHLD, &by_default, nullptr);
  const long reporter = clone_onto(CLONE_VM | CLONE_VFORK | SIGCHLD, end_stacks.reporter_top,
                                   &job.reporter, become_reporter, &job);
  if (failed(reporter)) {
    job.end = {.refused = static_cast<int>(-reporter), .is_known = true};
    return 0;
  }
  while (system_call(SYS_wait4, reporter, &job.end.status, 0, nullptr) == -EINTR) {
  }
  job.end.is_known = true;
  return 0;
}

// A process that has left its process id namespace for its children (unshare) has its next child as
// the first process of the new one, and the end of that process is the end of the namespace. The
// library must not be that child. The links are those of this thread, since the first one may have
// ended.
bool are_children_elsewhere() {
  char own[64];
  char theirs[64];
  const long own_bytes =
      system_call(SYS_readlinkat, AT_FDCWD, "/proc/thread-self/ns/pid", own, sizeof own);
  constexpr const char* kTheirs = "/proc/thread-self/ns/pid_for_children";
  const long their_bytes = system_call(SYS_readlinkat, AT_FDCWD, kTheirs, theirs, sizeof theirs);
  // The link leads nowhere until the first child exists.
  struct stat link {};
  if (their_bytes == -ENOENT) {
    return !failed(system_call(SYS_newfstatat, AT_FDCWD, kTheirs, &link, AT_SYMLINK_NOFOLLOW));
  }
  if (failed(own_bytes) || failed(their_bytes)) return false;
  return own_bytes != their_bytes ||
         std::memcmp(own, theirs, static_cast<std::size_t>(own_bytes)) != 0;
}

}  // namespace

void find_reporter() {
  Dl_info own{};
  if (::dladdr(library_file, &own) == 0 || own.dli_fname == nullptr) return;
  const char* const name = own.dli_fname;
  std::size_t used = 0;
  if (name[0] != '/') {
    const long bytes = system_call(SYS_getcwd, library_file, sizeof library_file - 1);
    if (failed(bytes)) return;
    used = static_cast<std::size_t>(bytes) - 1;
    library_file[used++] = '/';
  }
  const std::size_t bytes = std::strlen(name) + 1;
  if (used + bytes > sizeof library_file) {
    library_file[0] = '\0';
    return;
  }
  std::memcpy(library_file + used, name, bytes);
  ElfW(Addr) base = ::getauxval(AT_BASE);
  if (base != 0) ::dl_iterate_phdr(note_loader, &base);
}

ReporterEnd run_reporter(const ReporterStart& start) {
  Job job = {.start = start, .arguments = {loader_file, library_file}};
  for (std::size_t i = 0; i < kMaxArguments && start.arguments[i] != nullptr; ++i) {
    job.arguments[i + 2] = start.arguments[i];
  }
  if (library_file[0] == '\0') return {.refused = ENOENT, .is_known = true};
  if (end_stacks.host_top == nullptr) return {.refused = ENOMEM, .is_known = true};
  if (are_children_elsewhere()) return {.refused = EPERM, .is_known = true};
  const long intermediate =
      clone_onto(CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_FILES, end_stacks.intermediate_top,
                 hide_next_child(), start_and_wait, &job);
  if (failed(intermediate)) return {.refused = static_cast<int>(-intermediate), .is_known = true};
  long met;
  do {
    met = system_call(SYS_wait4, intermediate, nullptr, __WCLONE, nullptr);
  } while (met == -EINTR);
  end_hiding(met == intermediate);
  return job.end;
}

}  // namespace pymemflow::interpose
