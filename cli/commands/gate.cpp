// pymemflow gate: exits with 0 within the limits, 1 over one, 2 if it cannot judge. A program that
// fails keeps its own exit code.

#include "cli/gate/gate.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments/options.h"
#include "cli/commands/commands.h"
#include "cli/commands/recorded_process.h"
#include "cli/console/counts.h"
#include "cli/console/files.h"
#include "cli/gate/outputs.h"
#include "cli/launch/idle_run.h"
#include "cli/launch/program_file.h"
#include "cli/launch/repetition.h"
#include "cli/launch/split_command.h"
#include "cli/launch/traced_program.h"
#include "report/base/output_path.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  Options options;
  Limits limits;
  std::string baseline;
  bool is_baseline_updated = false;
  std::optional<std::uint64_t> times;
  bool no_children = false;
  bool are_unseen_allowed = false;
  std::vector<std::string> only;
  std::vector<std::string> ignored;
  std::vector<std::string> suppressions;
  std::array<std::string, std::size(kOutputs)> outputs;  // the files, by row of kOutputs
  bool is_for_github = false;
  bool is_stack_given = false;  // by the environment or the command line
};

void declare_limits(Syntax& syntax, Arguments& arguments) {
  for (std::size_t row = 0; row < kLimitCount; ++row) {
    const LimitRow& limit = kLimits[row];
    const auto declare = limit.unit == LimitUnit::Bytes ? &Syntax::size : &Syntax::number;
    (syntax.*declare)(limit.option, arguments.limits.allowed[row], limit.help);
  }
  syntax.number("--warmup", arguments.limits.warm_up,
                "rounds that --max-growth leaves out; without it: until growth levels off");
  syntax.text("--baseline", "FILE", arguments.baseline,
              "ignore the leaks listed in FILE; fail only on new or larger ones");
  Limits& limits = arguments.limits;
  const auto set_tolerance = [&limits](const std::string& value) {
    const bool is_set = parse_percentage(value, limits.tolerance);
    return std::string(is_set ? "" : "is not a percentage such as 5%");
  };
  syntax.option({.name = "--tolerance",
                 .value = "N%",
                 .sentence = "allowed increase over the baseline, in percent",
                 .words = {},
                 .set = set_tolerance});
  syntax.flag("--update-baseline", arguments.is_baseline_updated,
              "write the leaks to the baseline file, and pass");
}

void declare_selection(Syntax& syntax, Arguments& arguments) {
  syntax.texts("--only", "PATTERN", arguments.only, "judge only these allocation sites");
  syntax.texts("--ignore", "PATTERN", arguments.ignored, "ignore these allocation sites");
  syntax.texts("--suppressions", "FILE", arguments.suppressions,
               "ignore the sites that match a line of FILE; # begins a comment");
}

void declare_outputs(Syntax& syntax, Arguments& arguments) {
  for (std::size_t row = 0; row < std::size(kOutputs); ++row) {
    syntax.text(kOutputs[row].option, "FILE", arguments.outputs[row], kOutputs[row].sentence);
  }
  syntax.flag("--github", arguments.is_for_github, "print annotations for GitHub Actions");
}

Error write_outputs(const Arguments& arguments, const Verdict& verdict) {
  Error first;
  for (std::size_t row = 0; row < std::size(kOutputs); ++row) {
    if (arguments.outputs[row].empty()) continue;
    Error error = write_file(arguments.outputs[row], kOutputs[row].text(verdict));
    if (error && !first) first = std::move(error);
  }
  if (arguments.is_for_github) {
    std::fputs(github_output(verdict).c_str(), stdout);
    std::fflush(stdout);
  }
  return first;
}

// The captures of a run, or those that the user names.
struct Material {
  std::vector<CaptureUse> uses;
  std::vector<UnseenPart> unseen = {};  // of processes that have no capture
  std::optional<int> program_exit = {};
  bool are_captures_kept = true;
};

// The first capture that cannot be judged at all.
Error problem_of(const std::vector<CaptureUse>& uses) {
  for (const CaptureUse& use : uses) {
    if (!use.problem.empty()) return Error(use.path + ": " + use.problem);
  }
  return {};
}

int judge_all(const Arguments& arguments, Selection& selection, Material material) {
  if (const Error error = problem_of(material.uses)) return complain(error);
  for (const std::string& line : symbol_gaps_of(material.uses)) say(line);
  Verdict verdict = judge(std::move(material.uses), arguments.limits, selection,
                          {std::move(material.unseen), arguments.are_unseen_allowed});
  verdict.program_exit = material.program_exit;
  verdict.has_full_stacks = arguments.options.full_stacks;
  verdict.are_captures_kept = material.are_captures_kept;
  const Outcome outcome = verdict.outcome();
  if (arguments.is_baseline_updated && outcome != Outcome::Unknown) {
    const Baseline baseline = baseline_of(verdict);
    if (const Error error = baseline.write(arguments.baseline)) return complain(error);
    report::Amount all;
    for (const auto& [key, entry] : baseline.sites) all.add({entry.bytes, entry.blocks});
    say("wrote " + counted(all) + " at " + counted(baseline.sites.size(), "site") + " to " +
        arguments.baseline);
    return 0;
  }
  std::fputs(text_output(verdict, stderr).c_str(), stderr);
  if (const Error error = write_outputs(arguments, verdict)) return complain(error);
  switch (outcome) {
    case Outcome::Passed:
      return 0;
    case Outcome::Failed:
      return 1;
    case Outcome::Unknown:
      break;
  }
  return kUsageError;
}

report::LinesWanted lines_of(const Arguments& arguments) {
  static_assert(std::string_view(kOutputs[0].option) == "--json");
  return lines_for(arguments.options.full_stacks || !arguments.outputs[0].empty(),
                   arguments.options.debuginfod);
}

int judge_captures(const Arguments& arguments, Selection& selection,
                   const std::vector<std::string>& captures) {
  Material material = {.uses = read_uses(captures, lines_of(arguments))};
  for (CaptureUse& use : material.uses) {
    if (!use.has_ended && is_written_by(use.path, static_cast<pid_t>(use.process)))
      use.note(UnseenKind::running);
  }
  return judge_all(arguments, selection, std::move(material));
}

// The record of a process that still runs is not complete, and it may have none.
void add_running(const TracedRun& done, Material& material) {
  for (const platform::RunningProcess& running : done.running) {
    const auto own =
        std::find_if(material.uses.begin(), material.uses.end(), [&running](const CaptureUse& use) {
          return !use.has_ended && use.process == static_cast<std::uint32_t>(running.own_id);
        });
    if (own != material.uses.end()) {
      own->note(UnseenKind::running);
      continue;
    }
    const bool is_python = may_run_python(running.program, running.words);
    material.unseen.push_back(
        {.kind = is_python ? UnseenKind::running_python : UnseenKind::running_program,
         .process = static_cast<std::uint32_t>(running.process),
         .command_line = shell_words(running.words)});
  }
}

// The manual start was not asked of the gate.
void blame_program(std::vector<UnseenPart>& parts) {
  for (UnseenPart& part : parts) {
    if (part.kind == UnseenKind::manual_start) part.kind = UnseenKind::manual_start_of_program;
  }
}

Material material_of(const Arguments& arguments, const TracedRun& done) {
  std::vector<std::string> captures;
  for (const FoundCapture& capture : done.captures) {
    if (!arguments.no_children || capture.process == done.process) captures.push_back(capture.path);
  }
  Material material = {.uses = read_uses(captures, lines_of(arguments)),
                       .unseen = done.unseen,
                       .program_exit = done.status};
  if (arguments.options.start != Start::Manual) {
    blame_program(material.unseen);
    for (CaptureUse& use : material.uses) blame_program(use.unseen);
  }
  if (arguments.no_children) {
    std::erase_if(material.unseen,
                  [&done](const UnseenPart& part) { return part.process != done.process; });
  } else {
    add_running(done, material);
  }
  return material;
}

std::string joined_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + '\0';
  return shell_words(text);
}

// The user knows the program, not what repeats it.
void name_program(std::vector<CaptureUse>& uses, const std::vector<std::string>& run,
                  const std::vector<std::string>& program) {
  const std::string repeated = joined_words(run);
  for (CaptureUse& use : uses) {
    if (use.command_line == repeated) use.command_line = joined_words(program);
  }
}

int run_and_judge(const Arguments& arguments, Selection& selection,
                  const std::vector<std::string>& program) {
  TracedProgram traced;
  Options options = arguments.options;
  // Live memory is known only if every event is kept. The options can only come from the
  // environment.
  if (!options.flow || options.ring != 0) {
    say("a gate needs every event: PYMEMFLOW_FLOW and PYMEMFLOW_RING are ignored");
  }
  options.flow = true;
  options.ring = 0;
  // A verdict names the callers and the C function. The user may choose otherwise, and where Python
  // is probed no stack can be read.
  if (options.stack == Stack::Auto || (!arguments.is_stack_given && !is_probed(options))) {
    options.stack = Stack::Native;
  }
  if (options.domains == Domains::Auto && !is_probed(options)) options.domains = kJudgedDomains;
  if (const Error error = check_recording(options)) return complain(error);
  std::vector<std::string> words = with_python(program);
  if (arguments.times) {
    if (const Error error = repeat(words, *arguments.times)) return complain(error);
  }
  const TracedRun done =
      traced.run(words, options, {.streams = {}, .is_watched = true, .warn = say});
  if (done.error) return complain(done.error);
  Material material = material_of(arguments, done);
  material.are_captures_kept = !arguments.options.capture.empty();
  IdleRuns idle(options, lines_of(arguments));
  for (CaptureUse& use : material.uses) {
    const bool is_judged = use.problem.empty() && use.gap().empty();
    if (is_judged &&
        (arguments.is_baseline_updated || may_leak_too_much(use.profile, arguments.limits))) {
      idle.set_aside(use);
    }
  }
  if (arguments.times) name_program(material.uses, words, with_python(program));
  if (material.uses.empty()) {
    for (const UnseenPart& part : joined(material.unseen)) say("not seen: " + sentence_of(part));
    const bool are_left_out = arguments.no_children && !done.captures.empty();
    say((are_left_out ? kOnlyChildren : std::string(done.absence(arguments.options.start))) +
        ": there is nothing to judge");
    return done.status != 0 ? done.status : kUsageError;
  }
  const int status = judge_all(arguments, selection, std::move(material));
  if (done.status == 0) return status;
  say("the program ended with exit code " + std::to_string(done.status) +
      ", which is that of the gate too");
  return done.status;
}

Error check(const Arguments& arguments, const std::vector<std::string>& words) {
  if (words.empty()) {
    return Error("gate: a capture or a program is missing; see pymemflow help gate");
  }
  if (arguments.limits.is_empty() && arguments.baseline.empty()) {
    return Error(
        "gate: no limit is given: --max-leak SIZE, --max-peak SIZE, --baseline FILE; "
        "see pymemflow help gate");
  }
  if (arguments.is_baseline_updated && arguments.baseline.empty()) {
    return Error("--update-baseline needs --baseline FILE");
  }
  if (arguments.limits.tolerance != 0 && arguments.baseline.empty()) {
    return Error("--tolerance needs --baseline FILE");
  }
  return {};
}

// True if both names lead to one regular file or one descriptor.
bool is_same_output(const std::string& a, const std::string& b) {
  const int descriptor = report::descriptor_in(a);
  return a == b || is_same_file(a, b) ||
         (descriptor >= 0 && descriptor == report::descriptor_in(b));
}

// Two outputs cannot share a file, and --update-baseline makes no verdict to write.
Error check_distinct_outputs(const Arguments& arguments) {
  std::vector<std::pair<const char*, std::string>> earlier;
  if (arguments.is_for_github) earlier.emplace_back("--github", kStandardOutput);
  for (std::size_t row = 0; row < std::size(kOutputs); ++row) {
    const std::string& output = arguments.outputs[row];
    if (output.empty()) continue;
    const std::string option = kOutputs[row].option;
    if (arguments.is_baseline_updated) {
      return Error("--update-baseline makes no verdict: leave " + option + " out");
    }
    for (const auto& [other, place] : earlier) {
      if (!is_same_output(output, place)) continue;
      return Error(option + " and " + other + " write to the same output: " + output);
    }
    earlier.emplace_back(kOutputs[row].option, output);
  }
  return {};
}

// An output must not replace a file that the gate reads.
Error check_output(const Arguments& arguments, const std::string& output) {
  const char* option = nullptr;
  if (&output != &arguments.baseline && is_same_file(output, arguments.baseline)) {
    option = "--baseline";
  }
  for (const std::string& path : arguments.suppressions) {
    if (is_same_file(output, path)) option = "--suppressions";
  }
  if (option == nullptr) return {};
  return Error(output + ": is the file of " + option +
               ", and an output never replaces a file that is read");
}

Error check_outputs(const Arguments& arguments) {
  for (const std::string& output : arguments.outputs) {
    if (Error error = check_output(arguments, output)) return error;
  }
  return arguments.is_baseline_updated ? check_output(arguments, arguments.baseline) : Error();
}

Error read_files(Arguments& arguments, Selection& selection) {
  selection.only(arguments.only);
  selection.ignore(arguments.ignored);
  for (const std::string& path : arguments.suppressions) {
    if (Error error = selection.read_suppressions(path)) return error;
  }
  if (arguments.baseline.empty() || arguments.is_baseline_updated) return {};
  return arguments.limits.baseline.emplace().read(arguments.baseline);
}

// Options of running a program have no meaning for captures.
Error check_without_program(const Arguments& arguments) {
  std::string option = arguments.no_children ? "--no-children" : arguments.times ? "--repeat" : "";
  for (std::size_t row = 0; row < kOptionCount; ++row) {
    if (kOptions[row].use == OptionUse::Callers) continue;
    if ((arguments.options.given >> row & 1) != 0) option = spelling_of(kOptions[row]);
  }
  if (option.empty()) return {};
  return Error(option + " is for a program to run, but captures are given; leave it out");
}

int run(Arguments& arguments, const std::vector<std::string>& words) {
  Selection selection;
  if (const Error error = check(arguments, words)) return complain(error);
  if (const Error error = check_distinct_outputs(arguments)) return complain(error);
  if (const Error error = check_outputs(arguments)) return complain(error);
  if (const Error error = read_files(arguments, selection)) return complain(error);
  const bool are_captures = std::all_of(words.begin(), words.end(), looks_like_capture);
  const Error misplaced = are_captures ? check_without_program(arguments) : Error();
  if (misplaced) return complain(misplaced);
  return are_captures ? judge_captures(arguments, selection, words)
                      : run_and_judge(arguments, selection, words);
}

}  // namespace

void declare_gate(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.program("a program to run (see `pymemflow help run`), or captures");
  declare_limits(syntax, *arguments);
  declare_selection(syntax, *arguments);
  declare_outputs(syntax, *arguments);
  syntax.number("--repeat", arguments->times,
                "run the Python program N times in one process, as rounds of --max-growth");
  syntax.flag("--no-children", arguments->no_children, "judge the program alone, not its children");
  syntax.flag("--allow-unseen", arguments->are_unseen_allowed,
              "judge what was seen, even if processes or calls were not");
  add_options(syntax, {OptionUse::Callers, OptionUse::Library}, arguments->options);
  syntax.prepare([arguments] {
    Error error = read_environment(arguments->options);
    arguments->is_stack_given = is_given(arguments->options, "stack");
    arguments->options.given = 0;  // by the command line alone, from here on
    return error;
  });
  syntax.action([arguments](const auto& words) {
    arguments->is_stack_given |= is_given(arguments->options, "stack");
    return run(*arguments, words);
  });
}

}  // namespace pymemflow::cli
