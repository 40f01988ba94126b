// A vfork child runs in its parent's memory and calls exec or _exit there: that is not the parent's
// end. Whoever is not the process that records is passed through.

#include "interpose/hooks/exits.h"

#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/platform.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {

constinit EndHandlers end_handlers;

namespace {

struct Exits {
  __attribute__((noreturn)) void (*exit_now)(int) = nullptr;
  int (*execve)(const char*, char* const*, char* const*) = nullptr;
  int (*execvp)(const char*, char* const*) = nullptr;
};
constinit Exits found_exits;

// A constructor that runs before ours may come here.
const Exits& originals() {
  if (found_exits.execve == nullptr) find_exits();
  return found_exits;
}

int run_execve(const char* path, char* const* arguments, char* const* environment) {
  return around_exec(is_executable(path) && platform::could_run(path),
                     [=] { return originals().execve(path, arguments, environment); });
}

int run_execvp(const char* file, char* const* arguments) {
  return around_exec(is_found_in_path(file), [=] { return originals().execvp(file, arguments); });
}

#if __has_attribute(noipa)
#  define PMF_APART __attribute__((noipa))
#else
#  define PMF_APART __attribute__((noinline))
#endif

// The arguments of execl and its kin, from `first` to the null that ends them. Not to be inlined:
// the header says that `first` is never null, but an empty list of arguments is allowed.
PMF_APART std::size_t count_arguments(const char* first, std::va_list list) {
  if (first == nullptr) return 0;
  std::size_t count = 1;
  while (va_arg(list, char*) != nullptr) ++count;
  return count;
}

}  // namespace

static bool is_recording_process() {
  return platform::process_id() == recording.destination.process;
}

void before_end() {
  if (end_handlers.before_end != nullptr && is_recording_process()) end_handlers.before_end();
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

void find_exits() {
  platform::find_original(found_exits.exit_now, "_exit");
  platform::find_original(found_exits.execve, "execve");
  platform::find_original(found_exits.execvp, "execvp");
  find_more_exits();
}

}  // namespace pymemflow::interpose

PMF_HOOK(__attribute__((noreturn)) void, _exit)(int status) {
  before_end();
  originals().exit_now(status);
}

PMF_HOOK(__attribute__((noreturn)) void, _Exit)(int status) noexcept {
  before_end();
  originals().exit_now(status);
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

// The three with a list of arguments: an array of them on the stack, since nothing may be allocated
// between a vfork and an exec. (A macro, because alloca's memory ends with the function.)
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
