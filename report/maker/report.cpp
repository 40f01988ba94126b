#include "report/maker/report.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "report/base/output.h"
#include "report/base/output_file.h"
#include "report/dtrace/compat.h"
#include "report/formats/formats.h"
#include "report/formats/replay.h"
#include "report/maker/capture_replay.h"
#include "report/maker/report_file.h"
#include "report/maker/trailer.h"
#include "report/reader/capture_reader.h"
#include "report/stacks/callers.h"
#include "report/symbols/engine_files.h"
#include "report/symbols/symbols.h"
#include "report/view/selection.h"

namespace pymemflow::report {
namespace {

// A report that runs out of memory continues here. Its objects are left as they are, and the host
// goes on.
std::jmp_buf out_of_memory;

// `is_new`: the output must not exist.
ReportError error_of(const Output& output, bool is_new) {
  if (output.error() == 0) return {};
  using Subject = ReportError::Subject;
  if (output.error() == EEXIST && is_new)
    return {"a thousand names like it are taken", Subject::Output};
  return {output_problem(output.error()),
          output.error() == EPIPE ? Subject::ClosedPipe : Subject::Output};
}

// The implementations, by Format.
constexpr decltype(&write_flow) kWriters[] = {
#define PMF_FORMAT(name, suffix, input, trailer, sentence) write_##name,
#include "report/formats/formats.def"
#undef PMF_FORMAT
};

FormatOptions format_options(const pymemflow::ReportOptions& asked, const FileHead& head) {
  FormatOptions options;
  options.names = asked.compat == Compat::None ? Names{} : kNamesAsDtrace;
  options.names.full_file_path = asked.full_file_path;
  options.functions = functions_of(asked.compat);
  // A capture of sums has only the last events, which would be a misleading flow.
  options.has_flow_lines = head.mode != RecordMode::Sums;
  options.has_call_stack = asked.python_call_stack;
  options.flow_columns = asked.flow_columns;
  options.started_ns = head.started_monotonic_ns;
  options.by = asked.by;
  options.depth = asked.depth;
  options.full_stacks = asked.full_stacks;
  options.metric = asked.metric;
  options.limit = asked.limit;
  options.is_inverted = asked.inverted;
  options.is_selected = selects_calls(asked);
  return options;
}

// Not in a traced program, and not for a report that prints no C functions. A summary leaves most
// of those of the interpreter out.
LinesWanted lines_wanted(const ReportOptions& options) {
  const FormatInput input = row_of(format_of(options.asked.format)).input;
  const bool is_in_host = options.is_in_process && !options.is_reporter;
  if (is_in_host || !needs_every_event(input)) return {};
  const bool is_whole =
      has_stacks(input) || options.asked.full_stacks || options.asked.format == "json";
  return {.is_wanted = is_whole ? is_any : is_foreign, .may_ask_servers = options.asked.debuginfod};
}

// The words of a failure that are made for it, until the next one.
char problem_text[512];

ReportError view_error(const String& problem) {
  const std::size_t size = std::min(problem.size(), sizeof problem_text);
  std::copy_n(problem.data(), size, problem_text);
  return {std::string_view(problem_text, size), ReportError::Subject::View};
}

// Finds the part of the record that the report is on.
ReportError view_of(const CaptureReader& reader, const ReportOptions& options, View& view) {
  const pymemflow::ReportOptions& asked = options.asked;
  const bool is_whole = asked.at.empty() && !has_range(asked) && asked.metric != Metric::Peak;
  const bool needs_events =
      !is_whole || !asked.thread.empty() || asked.min_size != 0 || asked.leaked;
  if (needs_events && reader.head().mode == RecordMode::Sums) {
    return {
        "holds no events, only their sums: --from, --to, --thread, --min-size and --leaked "
        "need events"};
  }
  if (is_whole) return {};
  DirectSource direct;
  EventSource& source = options.source != nullptr ? *options.source : direct;
  const String problem = find_view(asked, reader, source, options.progress, view);
  return problem.empty() ? ReportError{} : view_error(problem);
}

// Writes at the end how complete the record is. Where the output must have nothing but its own
// bytes (compat mode, JSON), losses are reported on standard error instead.
void write_end(const CaptureReader& reader, const FormatRow& format, Output& output,
               const ReportOptions& options, const String& notes, SymbolGaps gaps) {
  const bool has_trailer =
      options.asked.compat == Compat::None && format.trailer == FormatTrailer::Text;
  if (has_trailer) {
    output.write(notes);
    write_trailer(output, reader, options, gaps);
  }
  output.close();
  const bool is_whole =
      reader.lost() + reader.overwritten() + reader.damaged() == 0 && gaps.is_empty();
  if (has_trailer || options.standard_error < 0 || (is_whole && notes.empty())) return;
  Output standard_error(options.standard_error);
  standard_error.write(notes);
  if (!is_whole) write_trailer(standard_error, reader, options, gaps);
}

// The files are -1 if the caller keeps their descriptors.
ReportError write_polled(CaptureReader& reader, const ReportOptions& options,
                         const CaptureFiles& files) {
  const Format format = format_of(options.asked.format);
  const RecordMode mode = reader.head().mode;
  if (const std::string_view problem = format_problem(format, mode); !problem.empty()) {
    return {problem};
  }
  if (options.asked.leaked && mode != RecordMode::Full) return {profile_problem(mode)};
  const bool needs_native = options.asked.by == By::CFunction;
  if (needs_native && !reader.has_native_frames()) return {kNoCFunctions};
  if (!reader.has_stacks() && needs_stacks(options.asked)) return {kNoCallers};
  View view;
  if (const ReportError error = view_of(reader, options, view)) return error;
  // The end of a program replaces nothing; the command replaces a file of the user.
  const bool is_at_end = options.is_in_process;
  const auto process = static_cast<pid_t>(reader.process());
  ReportFile file(files.head_file(), process, {options.process_began_ns, reader.head().started_ns});
  std::optional<Output> output;
  if (options.asked.output.empty()) {
    output.emplace(options.standard_output);
  } else if (is_at_end) {
    file.open(output, options);
  } else {
    output.emplace(report_path(options, process).c_str(),
                   OutputRules{.reading = files.capture, .is_replaced = true});
  }
  if (output->error() != 0) return error_of(*output, is_at_end);
  if (options.on_output != nullptr) options.on_output(output->descriptor());
  CaptureReplay replay(reader, *output, options, view);
  replay.symbols().want_lines(lines_wanted(options));
  if (options.asked.leaked && !is_profile(row_of(format).input)) {
    DirectSource direct;
    EventSource& source = options.source != nullptr ? *options.source : direct;
    replay.select_calls(find_leaked_calls(reader, source));
  }
  FormatOptions wanted = format_options(options.asked, reader.head());
  wanted.view = view;
  kWriters[static_cast<std::size_t>(format)](replay, wanted);
  write_end(reader, row_of(format), *output, options, replay.notes(), replay.symbols().gaps());
  if (is_at_end && output->error() == 0) file.note();
  return error_of(*output, is_at_end);
}

// Runs `write` so that running out of memory comes back here.
template <typename Write>
ReportError guarded(Write write) {
  if (setjmp(out_of_memory) != 0) return {"out of memory", ReportError::Subject::Memory};
  set_out_of_memory([] { std::longjmp(out_of_memory, 1); });
  return write();
}

}  // namespace

ReportError write_report(const CaptureFiles& capture, const ReportOptions& options) {
  return guarded([&]() -> ReportError {
    CaptureReader reader(capture);
    const CaptureError error = reader.poll();
    return error != CaptureError::None ? ReportError{describe(error)}
                                       : write_polled(reader, options, capture);
  });
}

ReportError write_report(CaptureReader& capture, const ReportOptions& options) {
  return guarded([&] { return write_polled(capture, options, -1); });
}

}  // namespace pymemflow::report
