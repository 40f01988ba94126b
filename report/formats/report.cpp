#include "report/formats/report.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "report/base/output.h"
#include "report/base/output_file.h"
#include "report/dtrace/compat.h"
#include "report/formats/formats.h"
#include "report/formats/replay.h"
#include "report/formats/report_file.h"
#include "report/formats/trailer.h"
#include "report/reader/capture_reader.h"
#include "report/stacks/callers.h"
#include "report/symbols/engine_files.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {
namespace {

// A report that runs out of memory continues here. Its objects are left as they are, and the host
// goes on.
std::jmp_buf out_of_memory;

constexpr std::uint64_t kBatchesBetweenProgress = (1 << 16) / EventBatch::kEvents;

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
  return options;
}

// Not in a traced program, and not for a report that prints no C functions. A summary leaves most
// of those of the interpreter out.
LinesWanted lines_wanted(const ReportOptions& options) {
  const FormatInput input = row_of(format_of(options.asked.format)).input;
  const bool is_in_host = options.is_in_process && !options.is_reporter;
  if (is_in_host || !is_profile(input)) return {};
  const bool is_whole =
      has_stacks(input) || options.asked.full_stacks || options.asked.format == "json";
  return {.is_wanted = is_whole ? is_any : is_foreign, .may_ask_servers = options.asked.debuginfod};
}

// The replay of a capture that has been polled.
class CaptureReplay final : public Replay {
 public:
  CaptureReplay(CaptureReader& reader, Output& output, const ReportOptions& options)
      : reader_(reader),
        output_(output),
        options_(options),
        symbols_(reader.names().modules(), options.is_in_process && !options.is_reporter
                                               ? Symbols::Where::kInProcess
                                               : Symbols::Where::kOffline) {
    symbols_.want_lines(lines_wanted(options));
  }

  Output& output() override { return output_; }
  Symbols& symbols() override { return symbols_; }
  RecordCounts counts() const override { return reader_.counts(); }
  std::uint32_t process() const override { return reader_.process(); }
  const ThreadNames& threads() const override { return reader_.threads(); }

  void stream(std::initializer_list<EventSink*> sinks) override {
    if (options_.profile == nullptr || !profile_problem(reader_.head().mode).empty()) {
      replay(sinks, nullptr);
    } else {
      ProfileBuilder builder(reader_.process_info(), reader_.names(), symbols_);
      replay(sinks, &builder);
      *options_.profile = builder.finish();
    }
    for (const EventSum& sum : reader_.sums()) {
      const Site* const site = reader_.names().find(sum.site);
      if (site == nullptr) continue;
      for (EventSink* const sink : sinks) sink->on_sum(sum, *site);
    }
    for (EventSink* const sink : sinks) sink->on_finish();
  }

  Profile profile() override {
    ProfileBuilder builder(reader_.process_info(), reader_.names(), symbols_);
    replay({}, &builder);
    Profile profile = builder.finish();
    if (options_.profile != nullptr) *options_.profile = profile;
    return profile;
  }

 private:
  void replay(std::initializer_list<EventSink*> sinks, ProfileBuilder* builder) {
    DirectSource direct;
    EventSource& source = options_.source != nullptr ? *options_.source : direct;
    source.begin(reader_);
    for (std::uint64_t batches = 1; output_.error() == 0; ++batches) {
      const EventBatch* const batch = source.next();
      if (batch == nullptr) break;
      if (options_.progress != nullptr && batches % kBatchesBetweenProgress == 0)
        options_.progress(source.progress());
      if (builder != nullptr) builder->on_events(*batch);
      if (sinks.size() != 0) feed(*batch, sinks);
    }
    source.end();
  }

  // The sinks see the events as compat has them, the builder as they were recorded.
  void feed(const EventBatch& batch, std::initializer_list<EventSink*> sinks) {
    const bool is_compat = options_.asked.compat != Compat::None;
    for (std::size_t i = 0; i < batch.size && output_.error() == 0; ++i) {
      const Event& event = batch.events[i];
      if (is_compat && event.kind == EventKind::Call) {
        const Event seen = as_probed_in_glibc(event);
        for (EventSink* const sink : sinks) sink->on_event(seen, *batch.sites[i]);
      } else {
        for (EventSink* const sink : sinks) deliver(event, batch.sites[i], *sink);
      }
    }
  }

  CaptureReader& reader_;
  Output& output_;
  const ReportOptions& options_;
  Symbols symbols_;
};

// Writes at the end how complete the record is. Where the output must have nothing but its own
// bytes (compat mode, JSON), losses are reported on standard error instead.
void write_end(const CaptureReader& reader, const FormatRow& format, Output& output,
               const ReportOptions& options, SymbolGaps gaps) {
  const bool has_trailer =
      options.asked.compat == Compat::None && format.trailer == FormatTrailer::Text;
  if (has_trailer) write_trailer(output, reader, options, gaps);
  output.close();
  const bool is_whole =
      reader.lost() + reader.overwritten() + reader.damaged() == 0 && gaps.is_empty();
  if (has_trailer || is_whole || options.standard_error < 0) return;
  Output standard_error(options.standard_error);
  write_trailer(standard_error, reader, options, gaps);
}

// The files are -1 if the caller keeps their descriptors.
ReportError write_polled(CaptureReader& reader, const ReportOptions& options,
                         const CaptureFiles& files) {
  const Format format = format_of(options.asked.format);
  const RecordMode mode = reader.head().mode;
  if (const std::string_view problem = format_problem(format, mode); !problem.empty()) {
    return {problem};
  }
  const bool needs_native = options.asked.by == By::CFunction;
  if (needs_native && !reader.has_native_frames()) return {kNoCFunctions};
  if (!reader.has_stacks() && needs_stacks(options.asked)) return {kNoCallers};
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
  CaptureReplay replay(reader, *output, options);
  kWriters[static_cast<std::size_t>(format)](replay, format_options(options.asked, reader.head()));
  write_end(reader, row_of(format), *output, options, replay.symbols().gaps());
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
