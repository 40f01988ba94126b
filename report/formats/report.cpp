#include "report/formats/report.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>

#include "report/base/output.h"
#include "report/dtrace/compat.h"
#include "report/dtrace/distributions.h"
#include "report/dtrace/flow_lines.h"
#include "report/formats/formats.h"
#include "report/formats/summary.h"
#include "report/formats/trailer.h"
#include "report/reader/capture_reader.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {
namespace {

// Where a report goes on that ran out of memory: it is left as it is, and the host goes on.
std::jmp_buf out_of_memory;

// What is printed under `flow` off: the lines that frame the flow, none in between.
constexpr FunctionSet kNoFunctions = {};

constexpr std::uint64_t kEventsBetweenProgress = 1 << 16;

// The file, or standard error.
void open_output(std::optional<Output>& output, const ReportOptions& options, pid_t process) {
  const std::string_view name = options.asked.output;
  if (name.empty()) {
    output.emplace(options.standard_output);
    return;
  }
  String path = expanded_path(name, process);
  if (options.is_of_forked_child && name.find("%p") == std::string_view::npos) {
    fmt::format_to(std::back_inserter(path), ".{}", process);
  }
  output.emplace(path.c_str());
}

ReportError error_of(const Output& output) {
  if (output.error() == 0) return {};
  using Subject = ReportError::Subject;
  return {std::strerror(output.error()),
          output.error() == EPIPE ? Subject::ClosedPipe : Subject::Output};
}

Names names_for(const pymemflow::ReportOptions& asked) {
  Names names = asked.compat == Compat::None ? Names{} : kNamesAsDtrace;
  names.full_file_path = asked.full_file_path;
  return names;
}

// Gives the sinks what the capture holds.
void feed(std::span<EventSink* const> sinks, CaptureReader& reader, const Output& output,
          const ReportOptions& options) {
  const bool is_compat = options.asked.compat != Compat::None;
  Event event;
  const Site* site = nullptr;
  std::uint64_t count = 0;
  while (output.error() == 0 && reader.next(event, site)) {
    const bool is_time = ++count % kEventsBetweenProgress == 0;
    if (is_time && options.progress != nullptr) options.progress(reader.progress());
    if (is_compat && event.kind == EventKind::Call) event = as_probed_in_glibc(event);
    for (EventSink* const sink : sinks) deliver(event, site, *sink);
  }
}

// In compat mode nothing is added to the script's bytes, and standard error is told of losses.
void write_end(CaptureReader& reader, Output& output, const ReportOptions& options) {
  if (options.asked.compat == Compat::None) {
    write_trailer(output, reader, options.is_in_process);
    output.close();
    return;
  }
  output.close();
  if (reader.lost() + reader.overwritten() + reader.damaged() == 0) return;
  Output standard_error(STDERR_FILENO);
  write_trailer(standard_error, reader, options.is_in_process);
}

void add_sums(CaptureReader& reader, Distributions& distributions) {
  for (const EventSum& sum : reader.sums()) {
    if (const Site* const site = reader.names().find(sum.site)) distributions.on_sum(sum, *site);
  }
}

void write_flow(CaptureReader& reader, Symbols& symbols, Output& output,
                const ReportOptions& options) {
  // Of the events that are not in the sums there are a few, at the end: no flow.
  const bool has_flow = reader.head().mode != RecordMode::Sums;
  const Names names = names_for(options.asked);
  const FunctionSet functions = functions_of(options.asked.compat);
  FlowLines flow_lines(output, {.pid = static_cast<pid_t>(reader.process()),
                                .names = names,
                                .functions = has_flow ? functions : kNoFunctions,
                                .call_stack = has_flow && options.asked.python_call_stack});
  Distributions distributions(output, symbols, {.names = names, .functions = functions});
  EventSink* const sinks[] = {&flow_lines, &distributions};
  feed(sinks, reader, output, options);
  add_sums(reader, distributions);
  for (EventSink* const sink : sinks) sink->on_finish();
}

void write_distributions(CaptureReader& reader, Symbols& symbols, Output& output,
                         const ReportOptions& options) {
  Distributions distributions(
      output, symbols,
      {.names = names_for(options.asked), .functions = functions_of(options.asked.compat)});
  EventSink* const sinks[] = {&distributions};
  feed(sinks, reader, output, options);
  add_sums(reader, distributions);
  distributions.on_finish();
}

void write_summary(CaptureReader& reader, Symbols& symbols, Output& output,
                   const ReportOptions& options) {
  ProfileBuilder builder(reader.process_info(), reader.names(), symbols);
  EventSink* const sinks[] = {&builder};
  feed(sinks, reader, output, options);
  Summary(output, {.full_file_path = options.asked.full_file_path}).write(builder.finish());
}

ReportError write_sections(CaptureReader& reader, Output& output, const ReportOptions& options) {
  using Where = Symbols::Where;
  Symbols symbols(reader.names().modules(),
                  options.is_in_process ? Where::kInProcess : Where::kOffline);
  // By Format.
  constexpr decltype(&write_flow) kWriters[] = {
#define PMF_FORMAT(name, needs, sentence) write_##name,
#include "report/formats/formats.def"
#undef PMF_FORMAT
  };
  kWriters[static_cast<std::size_t>(format_of(options.asked.format))](reader, symbols, output,
                                                                      options);
  write_end(reader, output, options);
  return error_of(output);
}

ReportError write_guarded(int capture, const ReportOptions& options) {
  CaptureReader reader(capture);
  if (const CaptureError error = reader.poll(); error != CaptureError::None) {
    return {describe(error)};
  }
  const Format format = format_of(options.asked.format);
  if (format_names()[static_cast<std::size_t>(format)].needs_every_event) {
    const std::string_view problem = profile_problem(reader.head().mode);
    if (!problem.empty()) return {problem};
  }
  std::optional<Output> output;
  open_output(output, options, static_cast<pid_t>(reader.process()));
  if (output->error() != 0) return error_of(*output);
  return write_sections(reader, *output, options);
}

}  // namespace

ReportError write_report(int capture, const ReportOptions& options) {
  if (setjmp(out_of_memory) != 0) return {"out of memory"};
  set_out_of_memory([] { std::longjmp(out_of_memory, 1); });
  return write_guarded(capture, options);
}

}  // namespace pymemflow::report
