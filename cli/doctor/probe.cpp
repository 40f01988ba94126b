#include "cli/doctor/probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/launch/traced_program.h"
#include "cli/platform/doctor.h"
#include "report/reader/capture_reader.h"

namespace pymemflow::cli::doctor {
namespace {

constexpr std::string_view kAnswer = "pymemflow-doctor ";
// The bytes that debug allocators may add to an object.
constexpr std::uint64_t kSlack = 64;

// The small program, for Python 3.6 and later; earlier ones say their version and end. A shell that
// runs it exits at the first line. For each of its three functions it prints the line that
// allocates, the smallest size, and the number of blocks. The system's questions
// (cli/platform/doctor.h) are inserted after the first part.
constexpr const char* kFirstQuestions = R"("exit" "3"
import os, sys
def answer(name, value):
    line = 'pymemflow-doctor %s=%s\n' % (name, str(value).replace('\n', ' '))
    os.write(1, getattr(os, 'fsencode', str)(line))
def implementation():
    if hasattr(sys, 'implementation'):
        return sys.implementation.name
    return 'pypy' if hasattr(sys, 'pypy_version_info') else 'cpython'
answer('version', sys.version)
answer('implementation', implementation())
answer('process', os.getpid())
if sys.version_info < (3,):
    sys.exit()
)";
constexpr const char* kQuestions = R"(
def measured(name, function, line, least, count):
    code = function.__code__
    answer(name, '%d %d %d %s %s' % (code.co_firstlineno + line, least, count, code.co_name,
                                     code.co_filename))
def small():
    for size in range(200, 220):
        bytes(size)
def large():
    for size in range(40000, 40020):
        bytes(size)
def library(texts):
    for number, text in enumerate(texts):
        keep('pymemflow-%02d' % number, text)
answer('program', program())
answer('flags', getattr(sys, 'abiflags', ''))
answer('debug', int(hasattr(sys, 'gettotalrefcount')))
answer('traces-references', int(hasattr(sys, 'getobjects')))
answer('gil', int(getattr(sys, '_is_gil_enabled', lambda: True)()))
answer('preload', os.environ.get(PRELOAD, ''))
answer('python-malloc', os.environ.get('PYTHONMALLOC', ''))
answer('secure', int(is_secure()))
try:
    import ctypes
    name = ctypes.pythonapi._PyMem_GetCurrentAllocatorName
    name.restype = ctypes.c_char_p
    answer('allocator', (name() or b'').decode())
except Exception:
    pass
small()
measured('small', small, 2, 233, 20)
large()
measured('large', large, 2, 40033, 20)
if keep:
    library(['/' + 'x' * size for size in range(20000, 20020)])
    measured('library', library, 2, 20001 + KEPT_SIZE, 20)
)";

// A temporary file without a name, for the output of a program.
class OutputFile {
 public:
  OutputFile() : file_(std::tmpfile()) {}
  ~OutputFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  int descriptor() const { return file_ == nullptr ? -1 : ::fileno(file_); }
  std::string text() const {
    std::string all;
    char piece[4096];
    if (file_ == nullptr) return all;
    for (ssize_t size;
         (size = ::pread(descriptor(), piece, sizeof piece, static_cast<off_t>(all.size()))) > 0;) {
      all.append(piece, static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  std::FILE* file_;
};

void read_answers(const std::string& text, std::map<std::string, std::string>& answers) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kAnswer) || equals == std::string::npos) continue;
    answers[line.substr(kAnswer.size(), equals - kAnswer.size())] = line.substr(equals + 1);
  }
}

// A measured function of the small program, and the events that match it.
struct Source {
  std::string file, function;
  int line = 0;
  std::uint64_t least = 0, most = 0;
  Measure* measure = nullptr;
  int anywhere = 0;
};

bool read_source(const Probe& about, const char* name, std::uint64_t slack, Measure& measure,
                 Source& source) {
  const std::string text(about.answer(name));
  int line = 0, start = 0;
  unsigned long least = 0, count = 0;
  char function[64];
  if (std::sscanf(text.c_str(), "%d %lu %lu %63s %n", &line, &least, &count, function, &start) !=
      4) {
    return false;
  }
  measure.made = static_cast<int>(count);
  source = {.file = text.substr(static_cast<std::size_t>(start)),
            .function = function,
            .line = line,
            .least = least,
            .most = least + count - 1 + slack,
            .measure = &measure};
  return true;
}

void count(const Event& event, const report::Site& site, Source& source) {
  if (traits(event.function).effect != Effect::Allocate) return;
  if (event.size_bytes() < source.least || event.size_bytes() > source.most) return;
  ++source.anywhere;
  const bool is_there = site.has_frame && site.line == source.line && site.file == source.file &&
                        site.function == source.function;
  if (is_there) ++source.measure->on_line;
}

void read_capture(const std::string& path, Probe& about) {
  OpenCapture opened;
  if (open_capture(path, opened)) return;
  report::CaptureReader reader(opened.files());
  // Of a record that stopped early, nothing can be told.
  if (reader.poll() == report::CaptureError::None && reader.head().failure == 0) {
    about.has_capture = true;
    about.interpreter = std::string(reader.metadata().interpreter);
    about.layout = std::string(reader.metadata().layout);
    about.allocators = std::string(reader.metadata().allocators);
    std::vector<Source> sources(3);
    if (!read_source(about, "small", kSlack, about.small, sources[0])) sources[0].most = 0;
    if (!read_source(about, "large", kSlack, about.large, sources[1])) sources[1].most = 0;
    if (!read_source(about, "library", 0, about.library, sources[2])) sources[2].most = 0;
    Event event;
    const report::Site* site = nullptr;
    while (reader.next(event, site)) {
      if (event.kind != EventKind::Call) continue;
      for (Source& source : sources) {
        if (source.most != 0) count(event, *site, source);
      }
    }
    for (Source& source : sources) {
      if (source.most != 0) source.measure->seen = std::min(source.anywhere, source.measure->made);
    }
    // Blocks of that size are common: only those on the line are certain to be the program's.
    about.small.seen = about.small.on_line;
  }
}

struct Answer {
  TracedRun run;
  std::string out, error;
};

Answer ask(TracedProgram& program, const std::string& path, int seconds, bool is_traced) {
  Answer answer;
  const OutputFile out, error;
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const Stage stage{
      .streams = {.in = nothing, .out = out.descriptor(), .error = error.descriptor()},
      .seconds = seconds,
      .is_traced = is_traced};
  const std::string questions = std::string(kFirstQuestions) + platform::kQuestions + kQuestions;
  answer.run = program.run({path, "-c", questions}, {}, stage);
  ::close(nothing);
  answer.out = out.text();
  answer.error = error.text();
  return answer;
}

// A script may run several Pythons: this one answered.
void find_capture(const Answer& answer, Probe& about) {
  const std::string process(about.answer("process"));
  for (const FoundCapture& capture : answer.run.captures) {
    if (std::to_string(capture.process) == process) return read_capture(capture.path, about);
  }
}

// True if the program cannot be traced, whatever it is.
bool is_hopeless(const Probe& about) {
  const platform::ProgramImage& image = about.asked.image;
  if (image.is_read && (image.loader.empty() || !image.is_for_us)) return true;
  if (is_for_musl(about.asked)) return true;
  return std::any_of(about.protections.begin(), about.protections.end(),
                     [](const platform::Protection& each) { return each.prevents_tracing; });
}

}  // namespace

Probe probe(const std::string& name, int seconds) {
  Probe about;
  about.seconds = seconds;
  about.asked = examine_file(name);
  about.python = about.asked;
  if (!about.asked.problem.empty()) return about;
  about.protections = platform::protections({about.asked.path});
  if (is_hopeless(about)) return about;
  TracedProgram program;
  Answer answer = ask(program, about.asked.path, seconds, true);
  about.status = answer.run.status;
  about.is_killed = answer.run.is_killed;
  about.said = answer.error;
  if (answer.run.error) {
    about.asked.problem = answer.run.error.text;
    return about;
  }
  read_answers(answer.out, about.answers);
  find_capture(answer, about);
  if (!about.has_python()) {
    TracedProgram untraced;
    read_answers(ask(untraced, about.asked.path, seconds, false).out, about.answers);
    about.has_untraced = about.has_python();
  }
  const std::string real(about.answer("program"));
  if (!real.empty()) about.python = examine_file(real);
  return about;
}

}  // namespace pymemflow::cli::doctor
