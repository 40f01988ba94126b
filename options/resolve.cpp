#include "options/resolve.h"

#include <algorithm>
#include <cstring>

namespace pymemflow {
namespace {

// A sentence that is put together without allocating; cut where it is too long.
class Sentence {
 public:
  std::string_view make(std::initializer_list<std::string_view> parts) {
    used_ = 0;
    for (const std::string_view part : parts) append(part);
    return view();
  }
  void append(std::string_view part) {
    const std::size_t size = std::min(part.size(), sizeof text_ - used_);
    std::memcpy(text_ + used_, part.data(), size);
    used_ += size;
  }
  std::string_view view() const { return {text_, used_}; }

 private:
  char text_[512] = {};
  std::size_t used_ = 0;
};
constinit Sentence subject;
constinit Sentence problem;

const FormatName* find_format(std::span<const FormatName> formats, std::string_view name) {
  if (name.empty()) return &formats.front();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [=](const FormatName& format) { return format.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

OptionError unknown_format(std::span<const FormatName> formats, std::string_view name) {
  problem.make({"is not one of "});
  for (const FormatName& format : formats) {
    if (&format != &formats.front()) problem.append("|");
    problem.append(format.name);
  }
  return {subject.make({"format ", name}), problem.view()};
}

OptionError without_every_event(const FormatName& format, const RecordingOptions& recording) {
  const std::string_view reason =
      recording.ring != 0
          ? "needs every event, but a ring (--ring, PYMEMFLOW_RING) keeps only the last ones"
          : "needs every event, but only sums are kept (--no-flow, PYMEMFLOW_FLOW=0)";
  return {subject.make({"format ", format.name}),
          problem.make({reason, "; leave one of them out"})};
}

bool keeps_every_event(const Options& options) {
  return options.flow && options.ring == 0;
}

// Of a capture that is kept, or a profile, nobody knows yet which callers will be asked for. A
// report that shows callers needs them, unless the user has chosen.
Stack chosen_stack(const Options& options, FormatInput format) {
  const bool is_needed = !is_given(options, "stack") && shows_callers(options, format);
  if (options.stack != Stack::Auto && !is_needed) return options.stack;
  const bool is_wanted = !options.capture.empty() || needs_every_event(format);
  const bool can_be_shown = keeps_every_event(options) && !is_probed(options);
  return is_wanted && can_be_shown ? Stack::Native : Stack::Top;
}

bool has_chosen_stacks(const Options& options) {
  return options.stack == Stack::Python || options.stack == Stack::Native;
}

bool records_domains(const Options& options) {
  return options.domains != Domains::Auto && options.domains != Domains::None;
}

// The head of a record, and the first blocks of its events and names.
constexpr std::uint64_t kSmallestLimit = std::uint64_t{192} << 10;
constexpr std::uint64_t kLargestRing = std::uint64_t{1} << 62;  // for the sum

// THE table of the options that contradict each other. `subject` and `problem` make a sentence.
struct Conflict {
  bool (*is_there)(const Options& options, FormatInput format);
  std::string_view subject;
  std::string_view problem;
  Resolver resolver = Resolver::Library;  // Command: the command alone refuses it
};
constexpr Conflict kConflicts[] = {
    {[](const Options& options, FormatInput) { return !options.flow && options.ring != 0; },
     "--no-flow (PYMEMFLOW_FLOW=0)",
     "keeps sums and no events, but --ring (PYMEMFLOW_RING) keeps the last events; leave one of "
     "them out"},
    {[](const Options& options, FormatInput) {
       return options.compat != Compat::None && options.attribution == Attribution::Frame &&
              is_given(options, "attribution");
     },
     "--compat (PYMEMFLOW_COMPAT)",
     "needs --attribution probe, but --attribution frame (PYMEMFLOW_ATTRIBUTION=frame) is given; "
     "leave one of them out"},
    {[](const Options& options, FormatInput format) {
       return options.compat != Compat::None && format != FormatInput::Lines &&
              format != FormatInput::Sums;
     },
     "--compat (PYMEMFLOW_COMPAT)",
     "prints what the DTrace script prints, which has no such format; choose --format flow or "
     "distributions, or leave --compat out"},
    {[](const Options& options, FormatInput format) {
       return options.python_call_stack && format != FormatInput::Lines;
     },
     "--python-call-stack (PYMEMFLOW_PYTHON_CALL_STACK)",
     "adds lines to --format flow, but another format is chosen; leave one of them out"},
    {[](const Options& options, FormatInput) { return options.python_call_stack && !options.flow; },
     "--python-call-stack (PYMEMFLOW_PYTHON_CALL_STACK)",
     "prints calls and returns, but --no-flow (PYMEMFLOW_FLOW=0) keeps no events; leave one of "
     "them out"},
    {[](const Options& options, FormatInput) {
       return records_domains(options) && is_probed(options);
     },
     "--domains (PYMEMFLOW_DOMAINS)",
     "records each call once, where Python's allocators are called, but --attribution probe, "
     "--compat "
     "or --python-call-stack shows what probes see of malloc(); leave one of them out"},
    {[](const Options& options, FormatInput) {
       return has_chosen_stacks(options) && is_probed(options);
     },
     "--stack (PYMEMFLOW_STACK)",
     "records the running frames, but --attribution probe, --compat or --python-call-stack records "
     "what probes see; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return has_chosen_stacks(options) && !keeps_every_event(options) && options.capture.empty();
     },
     "--stack (PYMEMFLOW_STACK)",
     "records callers, but a report of sums (--no-flow, PYMEMFLOW_FLOW=0) or of a ring (--ring, "
     "PYMEMFLOW_RING) shows none; leave one of them out, or keep the record with --capture"},
    {[](const Options& options, FormatInput format) {
       return shows_callers(options, format) && is_given(options, "stack") &&
              options.stack == Stack::Top;
     },
     "--stack top (PYMEMFLOW_STACK=top)",
     "records the running line alone, but a format of call stacks such as tree, --by stack or "
     "c-function, --depth or --full-stacks shows its callers; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return options.by == By::CFunction && is_given(options, "stack") &&
              options.stack == Stack::Python;
     },
     "--stack python (PYMEMFLOW_STACK=python)",
     "records no C functions, but --by c-function shows them; choose --stack native, or leave one "
     "of them out"},
    {[](const Options& options, FormatInput format) {
       return shows_callers(options, format) && options.attribution == Attribution::Probe;
     },
     "--attribution probe (PYMEMFLOW_ATTRIBUTION=probe)",
     "sees no callers, but a format of call stacks such as tree, --by stack or c-function, --depth "
     "or --full-stacks shows them; leave one of them out"},
    {[](const Options& options, FormatInput format) {
       return chosen_stack(options, format) == Stack::Top && is_given(options, "max-stack");
     },
     "--max-stack (PYMEMFLOW_MAX_STACK)",
     "limits whole stacks, but the running line alone is recorded; add --stack python "
     "(PYMEMFLOW_STACK=python), or leave it out"},
    {[](const Options& options, FormatInput format) {
       return !options.flow_columns.empty() &&
              (format != FormatInput::Lines || options.compat != Compat::None);
     },
     "--flow-columns (PYMEMFLOW_FLOW_COLUMNS)",
     "adds columns to --format flow, but another format or --compat is chosen; leave one of them "
     "out"},
    {[](const Options& options, FormatInput format) {
       return is_given(options, "metric") && !is_profile(format);
     },
     "--metric (PYMEMFLOW_METRIC)",
     "is for a format of a profile such as summary or tree, but another format is chosen; leave "
     "one "
     "of them out"},
    {[](const Options& options, FormatInput format) {
       return !options.at.empty() && !is_profile(format);
     },
     "--at (PYMEMFLOW_AT)",
     "shows what was live at a moment, but the format that is chosen shows calls; choose a format "
     "of a profile such as summary or tree, or --from and --to, or leave it out"},
    {[](const Options& options, FormatInput) { return !options.at.empty() && has_range(options); },
     "--at (PYMEMFLOW_AT)",
     "is one moment, but --from (PYMEMFLOW_FROM) or --to (PYMEMFLOW_TO) is given; leave one of "
     "them out"},
    {[](const Options& options, FormatInput) {
       return has_range(options) && options.compat != Compat::None;
     },
     "--compat (PYMEMFLOW_COMPAT)",
     "prints all that the DTrace script prints, but --from (PYMEMFLOW_FROM) or --to "
     "(PYMEMFLOW_TO) selects a part; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return !options.at.empty() && options.metric == Metric::Peak;
     },
     "--metric peak (PYMEMFLOW_METRIC=peak)",
     "is what was live at the high-water mark, but --at (PYMEMFLOW_AT) is another moment; leave "
     "one of them out"},
    {[](const Options& options, FormatInput) {
       return has_range(options) && options.metric == Metric::Mapped;
     },
     "--metric mapped (PYMEMFLOW_METRIC=mapped)",
     "is what is mapped at one moment, but --from (PYMEMFLOW_FROM) or --to (PYMEMFLOW_TO) selects "
     "a range; choose a moment with --at, or leave one of them out"},
    {[](const Options& options, FormatInput) {
       return options.metric == Metric::Mapped && !options.mappings;
     },
     "--metric mapped (PYMEMFLOW_METRIC=mapped)",
     "shows calls of mmap(), but --no-mappings (PYMEMFLOW_MAPPINGS=0) does not record them; leave "
     "one of them out"},
    {[](const Options& options, FormatInput) {
       return (has_selection(options) || options.limit != 0) && options.compat != Compat::None;
     },
     "--compat (PYMEMFLOW_COMPAT)",
     "prints all that the DTrace script prints, but --only, --ignore, --thread, --min-size, "
     "--leaked or --limit leaves a part out; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return (!options.thread.empty() || options.min_size != 0) && !options.flow;
     },
     "--thread and --min-size (PYMEMFLOW_THREAD, PYMEMFLOW_MIN_SIZE)",
     "select events, but --no-flow (PYMEMFLOW_FLOW=0) keeps none; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return options.leaked && !keeps_every_event(options);
     },
     "--leaked (PYMEMFLOW_LEAKED)",
     "needs every event, but --no-flow (PYMEMFLOW_FLOW=0) or --ring (PYMEMFLOW_RING) does not keep "
     "them; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return options.leaked && is_given(options, "metric") && options.metric != Metric::Leaked;
     },
     "--leaked (PYMEMFLOW_LEAKED)",
     "is --metric leaked, but another metric is given; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return options.metric == Metric::Mapped &&
              (!options.thread.empty() || options.min_size != 0);
     },
     "--metric mapped (PYMEMFLOW_METRIC=mapped)",
     "counts mappings, but --thread and --min-size select blocks; leave one of them out"},
    {[](const Options& options, FormatInput format) {
       return options.inverted && format != FormatInput::Tree && format != FormatInput::Stacks;
     },
     "--inverted (PYMEMFLOW_INVERTED)",
     "is for --format tree and folded, but another format is chosen; leave one of them out"},
    {[](const Options& options, FormatInput) { return has_range(options) && !options.flow; },
     "--from, --to (PYMEMFLOW_FROM, PYMEMFLOW_TO)",
     "select events, but --no-flow (PYMEMFLOW_FLOW=0) keeps none; leave one of them out"},
    {[](const Options& options, FormatInput format) {
       return is_given(options, "by") && format != FormatInput::Profile;
     },
     "--by (PYMEMFLOW_BY)",
     "is for --format summary, table and json, but another format is chosen; leave one of them out"},
    {[](const Options& options, FormatInput format) {
       return is_given(options, "depth") && (!is_profile(format) || format == FormatInput::Stacks);
     },
     "--depth (PYMEMFLOW_DEPTH)",
     "is for --format summary, table, json and tree, but another format is chosen; leave one of them out"},
    {[](const Options& options, FormatInput format) {
       return options.full_stacks && !is_profile(format);
     },
     "--full-stacks (PYMEMFLOW_FULL_STACKS)",
     "prints all callers, but the format that is chosen shows none; choose --format summary, or "
     "leave it out",
     Resolver::Command},
    {[](const Options& options, FormatInput format) {
       return options.debuginfod && !needs_every_event(format);
     },
     "--debuginfod (PYMEMFLOW_DEBUGINFOD)",
     "asks servers for the lines of C functions, but the format that is chosen shows none; choose "
     "--format summary, or leave it out",
     Resolver::Command},
    {[](const Options& options, FormatInput) {
       return options.format == "json" && is_given(options, "depth") && options.by != By::Stack;
     },
     "--depth (PYMEMFLOW_DEPTH)",
     "tells the stacks of --format json apart only with --by stack, which is not given; add it, or "
     "leave --depth out"},
    {[](const Options& options, FormatInput) { return options.full_stacks && options.depth != 0; },
     "--full-stacks (PYMEMFLOW_FULL_STACKS)",
     "prints all callers, but --depth (PYMEMFLOW_DEPTH) limits them; leave one of them out"},
    {[](const Options& options, FormatInput) {
       return options.capture_limit != 0 &&
              options.capture_limit < kSmallestLimit + std::min(options.ring, kLargestRing);
     },
     "--capture-limit (PYMEMFLOW_CAPTURE_LIMIT)",
     "is too small for one event: it must be at least 192 KiB, with --ring (PYMEMFLOW_RING) that "
     "much more; 0: half of the free space"},
    {[](const Options& options, FormatInput) { return options.capture == kStandardOutput; },
     "--capture - (PYMEMFLOW_CAPTURE)",
     "is standard output, but a record needs a file; a file of this name is ./-"},
    {[](const Options& options, FormatInput) {
       return !options.capture.empty() && options.capture == options.output;
     },
     "--capture (PYMEMFLOW_CAPTURE)",
     "names the same file as --output (PYMEMFLOW_OUTPUT); give the report another name"},
};

// False: the list has a name that is not a column, or a column twice.
bool are_flow_columns(std::string_view list) {
  unsigned seen = 0;
  while (!list.empty()) {
    FlowColumn column{};
    if (!take_flow_column(list, column)) return false;
    const unsigned bit = 1U << static_cast<unsigned>(column);
    if ((seen & bit) != 0) return false;
    seen |= bit;
  }
  return true;
}

std::size_t elements_of(std::string_view list) {
  return list.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), ','));
}

bool are_thread_ids(std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view id = list.substr(0, end);
    const bool has_digits =
        std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (id.empty() || id.size() > 9 || !has_digits) return false;
    list.remove_prefix(end);
    if (list == ",") return false;
    if (!list.empty()) list.remove_prefix(1);
  }
  return true;
}

// The values that are wrong by themselves.
OptionError value_error(const Options& options) {
  if (!are_flow_columns(options.flow_columns)) {
    return {subject.make({"flow-columns ", options.flow_columns}),
            "is not a list of thread, time and event, separated by commas"};
  }
  if (!are_thread_ids(options.thread)) {
    return {subject.make({"thread ", options.thread}),
            "is not a list of the kernel's ids of threads, separated by commas"};
  }
  if (elements_of(options.only) > kMaxPatterns || elements_of(options.ignore) > kMaxPatterns) {
    return {"--only or --ignore (PYMEMFLOW_ONLY, PYMEMFLOW_IGNORE)", "has more than 64 patterns"};
  }
  return {};
}

OptionError conflict_in(const Options& options, FormatInput format, Resolver resolver) {
  if (resolver == Resolver::Reporter) return {};
  for (const Conflict& conflict : kConflicts) {
    if (conflict.resolver == Resolver::Command && resolver != Resolver::Command) continue;
    if (conflict.is_there(options, format)) return {conflict.subject, conflict.problem};
  }
  return {};
}

}  // namespace

bool is_probed(const Options& options) {
  return options.attribution == Attribution::Probe || options.compat != Compat::None ||
         options.python_call_stack;
}

Options recording_part(const Options& options) {
  Options part;
  std::size_t row = 0;
#define PMF_COPY(field)       \
  part.field = options.field; \
  part.given |= options.given & std::uint32_t{1} << row;
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  PMF_IF_RECORDING_##use(PMF_COPY(field))++ row;
#include "options/options.def"
#undef PMF_OPTION
#undef PMF_COPY
  return part;
}

OptionError resolve(const Options& options, std::span<const FormatName> formats,
                    RecordingOptions& recording, ReportOptions& report, Resolver resolver) {
#define PMF_COPY(to, field) to.field = options.field;
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  PMF_IF_RECORDING_##use(PMF_COPY(recording, field)) PMF_IF_REPORT_##use(PMF_COPY(report, field))
#include "options/options.def"
#undef PMF_OPTION
#undef PMF_COPY
  // The D script's output is made of what its probes would have seen.
  if (options.compat != Compat::None) recording.attribution = Attribution::Probe;
  const FormatName* const format = find_format(formats, options.format);
  if (format == nullptr) return unknown_format(formats, options.format);
  report.format = format->name;
  recording.stack = chosen_stack(options, format->input);
  if (recording.domains == Domains::Auto) recording.domains = Domains::None;
  if (options.leaked) report.metric = Metric::Leaked;
  if (const OptionError wrong = value_error(options)) return wrong;
  if (const OptionError conflict = conflict_in(options, format->input, resolver)) return conflict;
  if (needs_every_event(format->input) && !recording.keeps_every_event()) {
    return without_every_event(*format, recording);
  }
  if (format->input == FormatInput::Rows && !recording.flow) {
    return without_every_event(*format, recording);
  }
  return {};
}

}  // namespace pymemflow
