#include "cli/launch/idle_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "cli/launch/program_file.h"
#include "cli/launch/traced_program.h"

namespace pymemflow::cli {
namespace {

constexpr int kSeconds = 30;

// Python 3.6 and later. Each function calls for the first time something that makes the interpreter
// or the C library keep memory for good; in the main program, in a thread, and in a forked child,
// which ends without finalisation. What fails is left out.
constexpr const char* kProgram = R"(
import sys
sys.path[:] = [folder for folder in sys.path if folder]
def syntax_tree():
    compile('x = 1', 'text', 'exec', 0x400)
def locale_of_the_user():
    import locale
    locale.setlocale(locale.LC_ALL, '')
def local_time():
    import time
    time.tzset()
    time.strftime('%c', time.localtime())
def users():
    import os, pwd
    pwd.getpwuid(os.getuid())
def addresses():
    import socket
    socket.getaddrinfo('127.0.0.1', 80)
def files():
    import os
    with open(os.devnull) as file:
        file.read()
def database():
    import sqlite3
    sqlite3.connect(':memory:').close()
def in_thread():
    import threading
    thread = threading.Thread(target=local_time)
    thread.start()
    thread.join()
def in_child():
    import multiprocessing
    context = multiprocessing.get_context('fork')
    queue = context.Queue()
    child = context.Process(target=queue.put, args=(1,))
    child.start()
    queue.get()
    child.join()
for use in (syntax_tree, locale_of_the_user, local_time, users, addresses, files, database,
            in_thread, in_child):
    try:
        use()
    except Exception:
        pass
)";

// The file of the Python that a process ran; empty: it was another program, or the file is gone.
std::string python_of(const CaptureUse& use) {
  const std::string_view words = use.profile.process.command_line;
  const ProgramFile file = examine_file(std::string(words.substr(0, words.find('\0'))));
  const std::string_view path = file.path;
  const bool is_python = path.substr(path.rfind('/') + 1).starts_with("python");
  return is_python && file.problem.empty() ? file.path : std::string();
}

report::InterpreterMemory measure(const std::string& python, Options options,
                                  const report::LinesWanted& lines) {
  report::InterpreterMemory memory;
  options.capture = {};
  TracedProgram program;
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return memory;
  const Stage stage = {.streams = {.in = nothing, .out = nothing, .error = nothing},
                       .seconds = kSeconds};
  const TracedRun run = program.run({python, "-c", kProgram}, options, stage);
  ::close(nothing);
  if (run.error || run.is_untraced || run.is_killed || run.status != 0) return memory;
  std::vector<std::string> captures;
  for (const FoundCapture& capture : run.captures) captures.push_back(capture.path);
  for (const CaptureUse& use : read_uses(captures, lines)) {
    if (use.problem.empty() && use.gap().empty()) memory.measure(use.profile);
  }
  return memory;
}

}  // namespace

void IdleRuns::set_aside(CaptureUse& use) {
  const std::string python = python_of(use);
  if (!python.empty()) memory_of(python).set_aside(use.profile);
}

const report::InterpreterMemory& IdleRuns::memory_of(const std::string& python) {
  const auto known = measured_.find(python);
  if (known != measured_.end()) return known->second;
  return measured_.emplace(python, measure(python, options_, lines_)).first->second;
}

}  // namespace pymemflow::cli
