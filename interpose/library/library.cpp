// The entry point of the library: reads the options, starts the recording, and makes the report
// when the process ends. With live.cpp, the only file that uses both the recording side and the
// report side.

#include <unistd.h>

#include <cstring>

#include "interpose/hooks/deep_binding.h"
#include "interpose/hooks/exits.h"
#include "interpose/hooks/late_python.h"
#include "interpose/hooks/late_threads.h"
#include "interpose/hooks/process_log.h"
#include "interpose/library/domains.h"
#include "interpose/library/ending.h"
#include "interpose/library/errors.h"
#include "interpose/library/messages.h"
#include "interpose/library/other_name.h"
#include "interpose/library/unrecorded.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/blocks/metadata.h"
#include "interpose/recording/probe_handlers.h"
#include "interpose/recording/recorder.h"
#include "interpose/recording/recording.h"
#include "options/options.h"
#include "options/resolve.h"
#include "platform/memory.h"
#include "platform/process.h"
#include "platform/resident.h"
#include "pyframe/checked_frame.h"
#include "pyframe/interpreter.h"
#include "report/base/digits.h"
#include "report/base/output_path.h"
#include "report/base/role.h"
#include "report/formats/formats.h"
#include "report/reporter/program.h"

extern "C" int __cxa_atexit(void (*handler)(void*), void* argument, void* library);

namespace pymemflow::interpose {
namespace {

constinit RecordingOptions recording_options;
constinit ReportOptions report_options;
constinit OptionError option_error;
// The program has forbidden system calls that the library needs, or is about to.
constinit bool is_forbidden = false;
// It has, and the filter is in force.
constinit bool is_filtered = false;
// The recording goes on without them, in memory alone.
constinit bool is_in_memory = false;
// The record has been given a name for that.
constinit bool is_name_given = false;
// The program permits the one system call that an end in memory needs.
constinit bool are_ends_seen = false;

void say_not_probed(std::uint64_t events) {
  char text[report::kMaxDecimalBytes];
  const char* const end = report::put_decimal(text, events);
  say({"a trace function of the program replaced the probes during ",
       {text, static_cast<std::size_t>(end - text)},
       " events: they are attributed to the running frame"});
}

void say_unknown_interpreter() {
  const pyframe::Interpreter& interpreter = recording.interpreter;
  say({"CPython ", interpreter.version, " is not known to this version (", interpreter.reason,
       "): its events have no Python frame"});
}

void say_further_python(std::string_view version, std::string_view path) {
  if (recording.phase.load() == Phase::Off) return;
  say({"this process has a second CPython (", version, ", ", path,
       "): its events have no Python frame"});
}

void say_deep_binding(const char* path) {
  if (require_own_recording()) recording.destination.file.note_unseen(Unseen::DeepBinding);
  say({path,
       " is loaded with RTLD_DEEPBIND: its calls to malloc() may bypass pymemflow, and are not "
       "recorded then"});
}

// A user who keeps the capture gets a text report only if they name a file for it.
bool is_report_wanted() {
  return recording_options.capture.empty() || !report_options.output.empty();
}

// Reports on a process in which Python ran; of other processes the capture is removed.
void tell_end(EndKind kind) {
  const int failure = recording.failure.load();
  if (!recording.python_ran.load() && failure == 0) {
    recording.destination.file.remove();
    note_record(false);
    if (recording_options.start == Start::Manual) note_never_started();
    if (!is_malloc_ours) note_unable("another allocator comes before the library");
    return;
  }
  if (!pyframe::is_known(recording.interpreter)) say_unknown_interpreter();
  say_unseen_objects(recording_options.domains);
  say_replaced_tables();
  if (const std::uint64_t events = recording.not_probed.load()) say_not_probed(events);
  if (pyframe::expects_switched_stacks(recording.interpreter) &&
      platform::copy_method() == platform::CopyMethod::None) {
    say(
        {"the kernel refuses process_vm_readv() and /proc/self/mem, by which frames are read in a "
         "program that switches stacks (greenlet): its events have no Python frame"});
  }
  // A report on standard error contains this message. Of a filter before_filter() has told.
  if (failure != 0 && !is_forbidden &&
      !(is_report_wanted() && report_options.output.empty() &&
        report_options.compat == Compat::None)) {
    say({"recording stopped (", failure_text(failure),
         "): the report covers the events until then"});
  }
  say_other_name(recording_options.capture);
  const CaptureFile& file = recording.destination.file;
  if (file.is_name_lost()) {
    say({"another program removed the capture ", file.name(), " while it was written"});
  }
  if (!is_report_wanted()) return;
  if (!file.is_open()) {
    const std::string_view name = file.name();
    if (name.empty()) return say({"the program closed the descriptor of the record: it is lost"});
    return say(
        {"the program closed a descriptor of the record: print its report with: pymemflow report ",
         name});
  }
  make_report({.options = report_options,
               .capture = file.descriptor(),
               .windows = file.windows_descriptor(),
               .name = file.name(),
               .process = recording.destination.process,
               .is_of_forked_child = recording.is_forked_child,
               .kind = kind});
}

void end_now(EndKind kind) {
  if (end_recording(kind)) tell_end(kind);
}

void end_with_threads_held(EndKind kind) {
  const auto end_own = [](EndKind own) {
    if (is_recording_process()) end_now(own);
  };
  hold_late_threads_during(end_own, kind);
}

void end(EndKind kind, void (*work)(EndKind kind) = end_now) {
  const int saved = errno;
  run_end(kind, work);
  errno = saved;
}

void at_exit(void*) {
  // After a filter no system call may be made here. NAME.windows has the end then.
  if (is_in_memory) end_recording(EndKind::Exit);
  // A quick check: until a thread is held, it may use the interpreter, which has finalized.
  if (is_forbidden || platform::process_id() != recording.destination.process) return;
  end(EndKind::Exit, end_with_threads_held);
}

void before_end() {
  end(EndKind::Exit);
}

void before_exec() {
  end(EndKind::Exec);
}

void after_failed_exec() {
  if (recording.phase.load() == Phase::Ended) resume_recording();
}

// An end under a filter: no system call, and no report.
void end_in_memory(EndKind kind) {
  const int saved = errno;
  end_recording(kind);
  errno = saved;
}

void before_end_in_memory() {
  end_in_memory(EndKind::Exit);
}

void before_exec_in_memory() {
  end_in_memory(EndKind::Exec);
}

// So that the record can be read after the end of the program. False: it cannot.
bool require_name() {
  CaptureFile& file = recording.destination.file;
  if (file.name()[0] != '\0') return true;
  // Nobody would know where the record is.
  if (platform::standard_error() < 0) return false;
  char path[CaptureName::kMaxBytes];
  if (name_record(file.descriptor(), recording.destination.process, path) != 0) return false;
  is_name_given = file.take_name(path);
  return is_name_given;
}

void drop_given_name() {
  if (is_name_given) recording.destination.file.remove_name();
  is_name_given = false;
}

void say_restriction(long forbidden, std::string_view consequence, std::string_view name = {}) {
  char digits[report::kMaxDecimalBytes];
  const char* const end = report::put_decimal(digits, static_cast<std::uint64_t>(forbidden));
  say({"the program restricts its system calls (seccomp): call ",
       {digits, static_cast<std::size_t>(end - digits)},
       ", which recording needs, could end it; ",
       consequence,
       name});
}

// The program is about to install a filter under which the library could end it. The recording goes
// on in memory, and the record is read after the end of the program. Where it cannot be given a
// name it ends here, and its report is made now: nothing may be done later.
bool before_filter(long forbidden, bool permits_getpid) {
  if (recording.phase.load() != Phase::On) return false;
  // A further filter cannot be examined without system calls, and may forbid everything.
  are_ends_seen = permits_getpid && !is_filtered;
  if (is_filtered) return true;
  is_forbidden = true;
  CaptureFile& file = recording.destination.file;
  if (require_name() && file.map_spare_blocks()) {
    const bool is_asked_for = is_report_wanted();
    say_restriction(forbidden,
                    is_asked_for ? "from here on events are kept in memory alone; when it has "
                                   "ended, print its report with: pymemflow report "
                                 : "from here on events are kept in memory alone",
                    is_asked_for ? file.name() : "");
    is_in_memory = record_in_memory_alone();
    return true;
  }
  drop_given_name();
  say_restriction(forbidden, "the record ends here");
  // So a reader knows that the record is not complete.
  recording.failure.store(kForbidden);
  end(EndKind::Exec);
  // The filter may be one for all threads.
  recording.writers.wait_for_records();
  return true;
}

void after_filter(bool is_installed) {
  if (!is_installed && is_filtered) {
    are_ends_seen = true;
    return;
  }
  is_filtered = is_installed;
  if (is_installed) {
    end_handlers = {};
    if (!is_in_memory) {
      count_alone();
    } else if (are_ends_seen) {
      end_handlers = {before_end_in_memory, before_exec_in_memory, after_failed_exec, before_filter,
                      after_filter};
    }
    return;
  }
  is_forbidden = false;
  if (is_in_memory) {
    is_in_memory = false;
    record_with_calls();
    drop_given_name();
  } else {
    recording.failure.store(0);
    after_failed_exec();
  }
  say({"the filter was refused, so the record goes on"});
}

bool accept_options() {
  if (option_error) {
    say({option_error.variable, " ", option_error.problem, "; this program runs untraced"});
    note_unable("one of its options is wrong");
    return false;
  }
  // Checked at the start, while the user is still watching, rather than after an hour.
  const int problem =
      report_options.output.empty() ? 0 : report::folder_problem(report_options.output);
  if (problem != 0) {
    say({"PYMEMFLOW_OUTPUT=", report_options.output, ": ",
         problem == ENOENT ? "its folder does not exist" : error_text(problem),
         "; this program runs untraced"});
    note_unable("its report cannot be written");
    return false;
  }
  return true;
}

static_assert(kMaxFrames == kMaxStackFrames);

CaptureSettings settings_of(const RecordingOptions& asked) {
  RecordMode mode = asked.flow ? RecordMode::Full : RecordMode::Sums;
  if (asked.ring != 0) mode = RecordMode::Ring;
  const report::Format format = report::format_of(report_options.format);
  const bool is_profile = pymemflow::is_profile(report::row_of(format).input);
  return {.name = asked.capture,
          .limit_bytes = asked.capture_limit,
          .mode = mode,
          .ring_bytes = asked.ring,
          .max_stack = asked.stack == Stack::Top ? 0 : static_cast<std::uint32_t>(asked.max_stack),
          .has_native_frames = asked.stack == Stack::Native,
          .has_domains = asked.domains != Domains::None,
          .has_mappings = asked.mappings,
          .has_process_map = mode != RecordMode::Sums && (!asked.capture.empty() || is_profile),
          .options = given_options()};
}

// Notes in the record what it cannot hold.
void note_unseen(const pyframe::Interpreter& interpreter) {
  CaptureFile& file = recording.destination.file;
  if (!is_malloc_ours) file.note_unseen(Unseen::OtherAllocator);
  if (!pyframe::is_known(interpreter)) file.note_unseen(Unseen::UnknownPython);
  if (recording_options.start != Start::Manual) return;
  file.note_unseen(Unseen::Manual);
  set_paused(true);
}

// Called when a Python was found in this process: at its start, or later.
void begin(const pyframe::Interpreter& interpreter) {
  if (interpreter.status == pyframe::InterpreterStatus::TooOld) {
    say({"CPython ", interpreter.version,
         " is not supported (too old); this program runs untraced"});
    note_unable("its CPython is too old");
    return;
  }
  if (!accept_options()) return;
  const ProbeUse probes = {recording_options.attribution, recording_options.python_call_stack};
  if (const int error = start_recording(interpreter, settings_of(recording_options), probes)) {
    cannot_start(error, recording_options.capture);
    return;
  }
  if (!start_probes(recording.interpreter, probes)) {
    end_recording(EndKind::Exit);
    recording.destination.file.remove();
    say({"cannot probe CPython ", interpreter.version, "; this program runs untraced"});
    note_unable("its CPython cannot be probed");
    return;
  }
  if (!is_malloc_ours && is_malloc_redirected()) {
    say(
        {"another tool redirects malloc() in this process, as valgrind does: its allocations are "
         "not seen"});
  } else if (!is_malloc_ours) {
    say({first_allocator(),
         " defines malloc() and comes before this library: its allocations are not seen; preload "
         "this library first"});
  }
  if (recording.has_native_frames && pyframe::is_known(interpreter) &&
      !recording.is_evaluation_marked) {
    say({"the code that runs Python frames was not found: no C functions are recorded above them"});
  }
  platform::find_heap_state();
  record_domains(interpreter, recording_options.domains);
  note_unseen(recording.interpreter);
  recording.on_forked_child = on_forked_child;
  note_record(true);
  map_end_stacks();
  end_handlers = {before_end, before_exec, after_failed_exec, before_filter, after_filter};
}

// Notices that greenlet is being imported, on its own or by gevent.
void on_lookup(const char* name) {
  if (std::strcmp(name, "PyInit__greenlet") != 0) return;
  pyframe::expect_switched_stacks(recording.interpreter);
}

// Runs before the constructors of the program's own libraries, hence before any other thread.
__attribute__((constructor)) void load() {
  platform::note_standard_error();
  platform::page_bytes();  // so that the end need not ask
  find_originals();
  if (report::is_reporter()) return;
  report::set_in_host();
  if (!platform::is_environment_trusted()) return;
  const int saved = errno;
  Options options;
  open_process_log();
  prepare_end();
  option_error = read_options(platform::environment(), options);
  if (!option_error) {
    option_error = resolve(options, report::format_names(), recording_options, report_options);
  }
  const int output = report::descriptor_in(report_options.output);
  if (output >= 0) platform::note_output(output);
  // Registered for no library, and before the loader registers its own handler: so at_exit() runs
  // after the handlers and destructors of everything else, whose calls of free() it still records.
  __cxa_atexit(at_exit, nullptr, nullptr);
  watch_for_python({begin, say_further_python, on_lookup});
  on_deep_binding = say_deep_binding;
  errno = saved;
}

}  // namespace
}  // namespace pymemflow::interpose
