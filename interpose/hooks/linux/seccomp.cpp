// syscall(), and the functions by which a program restricts its own system calls. A filter that
// ends the thread for a call of the library would end a program that runs well alone: so the
// recording ends before such a filter is installed, or goes on without system calls. Filters that
// are installed by a system call of the program's own are not noticed.

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdarg>

#include "interpose/hooks/exits.h"
#include "interpose/hooks/linux/filters.h"
#include "interpose/hooks/linux/thread_names.h"
#include "interpose/hooks/linux/waits.h"
#include "interpose/hooks/process_log.h"
#include "interpose/originals/originals.h"
#include "platform/here.h"
#include "platform/linux/held_threads.h"
#include "platform/linux/system_call.h"
#include "platform/linux/watched_system_calls.h"
#include "platform/threads.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

long finish(long outcome) {
  if (!platform::failed(outcome)) return outcome;
  errno = static_cast<int>(-outcome);
  return -1;
}

// `program` is null in the strict mode, which leaves four calls.
template <typename Install>
long around_filter(const void* program, bool is_strict, Install install) {
  if (is_strict || !permits_call(program, SYS_prctl)) platform::forbid_own_name();
  if (!is_announced(end_handlers.before_filter != nullptr)) {
    if (is_strict || !permits_call(program, SYS_getpid)) close_process_log();
    return install();
  }
  const int saved = errno;
  const long forbidden = is_strict ? long{SYS_fstat} : find_forbidden_call(program);
  const bool permits_getpid = !is_strict && permits_call(program, SYS_getpid);
  // Of those that are not needed, an end does without.
  if (is_strict || !permits_calls(program, platform::HeldThreads::calls())) {
    platform::HeldThreads::forbid();
  }
  const bool is_told = forbidden >= 0 && end_handlers.before_filter(forbidden, permits_getpid);
  errno = saved;
  const long outcome = install();
  if (is_told) end_handlers.after_filter(outcome >= 0);
  return outcome;
}

long run_prctl(long option, long a, long b, long c, long d) {
  const auto call = [=] { return platform::system_call_of_host(SYS_prctl, option, a, b, c, d); };
  if (option == PR_SET_NAME) {
    const long outcome = call();
    record_own_name();
    return finish(outcome);
  }
  if (option != PR_SET_SECCOMP) return finish(call());
  return finish(around_filter(reinterpret_cast<const void*>(b),
                              static_cast<unsigned long>(a) == SECCOMP_MODE_STRICT, call));
}

long run_seccomp(long operation, long flags, long program) {
  const auto call = [=] {
    return platform::system_call_of_host(SYS_seccomp, operation, flags, program);
  };
  const bool is_strict = operation == SECCOMP_SET_MODE_STRICT;
  if (!is_strict && operation != SECCOMP_SET_MODE_FILTER) return finish(call());
  return finish(around_filter(reinterpret_cast<const void*>(program), is_strict, call));
}

}  // namespace

PMF_HOOK(int, prctl)(int option, ...) noexcept {
  std::va_list list;
  va_start(list, option);
  const long a = va_arg(list, long);
  const long b = va_arg(list, long);
  const long c = va_arg(list, long);
  const long d = va_arg(list, long);
  va_end(list);
  return static_cast<int>(run_prctl(option, a, b, c, d));
}

extern "C" {
// The calls of syscall() that are watched. Its arguments are those of syscall().
__attribute__((used, visibility("hidden"))) long pmf_watched_system_call(long number, long a,
                                                                         long b, long c, long d,
                                                                         long e) {
  switch (number) {
    case SYS_prctl:
      return run_prctl(a, b, c, d, e);
    case SYS_wait4:
      return finish(wait4_of_host(a, b, c, d));
    case SYS_waitid:
      return finish(waitid_of_host(a, b, c, d, e));
    default:
      return run_seccomp(a, b, c);
  }
}

__attribute__((used, visibility("hidden"))) long pmf_failed_system_call(long outcome) {
  return finish(outcome);
}
}
