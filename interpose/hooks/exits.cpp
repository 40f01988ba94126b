// The functions that end a process on every system.
//
// A vfork child runs in its parent's memory. Its exec or _exit does not end the parent, so the
// handlers are called only in the process that records.

#include "interpose/hooks/exits.h"

#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/process.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {

constinit EndHandlers end_handlers;

namespace {

// Without handlers no system call is made here: the program may have forbidden it.
int run_execve(const char* path, char* const* arguments, char* const* environment) {
  const auto check = [=] { return is_executable(path) && platform::could_run(path); };
  return around_exec(could_work(check), {path, arguments, environment},
                     [=] { return real.execve(path, arguments, environment); });
}

int run_execvp(const char* file, char* const* arguments) {
  const auto check = [=] { return is_found_in_path(file); };
  return around_exec(could_work(check), {file, arguments, platform::environment()},
                     [=] { return real.execvp(file, arguments); });
}

#if __has_attribute(noipa)
#  define PMF_APART __attribute__((noipa))
#else
#  define PMF_APART __attribute__((noinline))
#endif

// Counts the arguments of execl() and its relatives, from `first` to the null that ends them. Not
// inlined: the header declares `first` as never null, but an empty list of arguments is allowed.
PMF_APART std::size_t count_arguments(const char* first, std::va_list list) {
  if (first == nullptr) return 0;
  std::size_t count = 1;
  while (va_arg(list, char*) != nullptr) ++count;
  return count;
}

}  // namespace

void before_end() {
  if (end_handlers.before_end != nullptr && is_recording_process()) end_handlers.before_end();
}

bool are_checks_forbidden() {
  return recording.are_calls_forbidden.load(std::memory_order_relaxed);
}

bool is_announced(bool could_work) {
  return could_work && end_handlers.before_exec != nullptr && is_recording_process();
}

bool is_executable(const char* path) {
  const int saved = errno;
  const bool result = path != nullptr && ::access(path, X_OK) == 0;
  errno = saved;
  return result;
}

bool is_found_in_path(const char* file) {
  if (file == nullptr || std::strchr(file, '/') != nullptr) return is_executable(file);
  const char* folder = std::getenv("PATH");
  if (folder == nullptr) folder = "/bin:/usr/bin";
  for (;;) {
    const std::size_t length = std::strcspn(folder, ":");
    char path[4096];
    const std::size_t name = std::strlen(file);
    if (length + name + 2 <= sizeof path) {
      std::memcpy(path, folder, length);
      path[length] = '/';
      std::memcpy(path + length + (length == 0 ? 0 : 1), file, name + 1);
      if (is_executable(path)) return true;
    }
    if (folder[length] == '\0') return false;
    folder += length + 1;
  }
}

}  // namespace pymemflow::interpose

PMF_HOOK(__attribute__((noreturn)) void, _exit)(int status) {
  before_end();
  real._exit(status);
  __builtin_unreachable();
}

PMF_HOOK(__attribute__((noreturn)) void, _Exit)(int status) noexcept {
  before_end();
  real._Exit(status);
  __builtin_unreachable();
}

PMF_HOOK(int, execve)(const char* path, char* const* arguments, char* const* environment) noexcept {
  return run_execve(path, arguments, environment);
}

PMF_HOOK(int, execv)(const char* path, char* const* arguments) noexcept {
  return run_execve(path, arguments, platform::environment());
}

PMF_HOOK(int, execvp)(const char* file, char* const* arguments) noexcept {
  return run_execvp(file, arguments);
}

// Turns a list of arguments into an array on the stack, since nothing may be allocated between a
// vfork and an exec. A macro, because the memory of alloca() ends with the function.
#define PMF_COLLECT(first, list, arguments)                                      \
  std::va_list list;                                                             \
  va_start(list, first);                                                         \
  const std::size_t list##_count = count_arguments(first, list);                 \
  va_end(list);                                                                  \
  va_start(list, first);                                                         \
  auto** const arguments =                                                       \
      static_cast<char**>(__builtin_alloca((list##_count + 1) * sizeof(char*))); \
  arguments[0] = const_cast<char*>(first);                                       \
  for (std::size_t i = 1; i <= list##_count; ++i) arguments[i] = va_arg(list, char*)

PMF_HOOK(int, execl)(const char* path, const char* first, ...) noexcept {
  PMF_COLLECT(first, list, arguments);
  va_end(list);
  return run_execve(path, arguments, platform::environment());
}

PMF_HOOK(int, execlp)(const char* file, const char* first, ...) noexcept {
  PMF_COLLECT(first, list, arguments);
  va_end(list);
  return run_execvp(file, arguments);
}

PMF_HOOK(int, execle)(const char* path, const char* first, ...) noexcept {
  PMF_COLLECT(first, list, arguments);
  char** const environment = va_arg(list, char**);
  va_end(list);
  return run_execve(path, arguments, environment);
}
