// pymemflow gate: 0 within the limits, 1 over one, 2 for what cannot be judged; a program that
// fails keeps its own exit code.

#include "cli/gate/gate.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/options.h"
#include "cli/console/json.h"
#include "cli/gate/gate_output.h"
#include "cli/gate/selection.h"
#include "cli/launch/split_command.h"
#include "cli/launch/traced_program.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  Options options;
  Limits limits;
  std::string baseline;
  bool is_baseline_updated = false;
  bool no_children = false;
  std::vector<std::string> only;
  std::vector<std::string> ignored;
  std::vector<std::string> suppressions;
  std::string json;
  std::string junit;
  std::string markdown;
  bool is_for_github = false;
  std::vector<std::string> shown_in_help;  // the words of the program are taken before

  bool has_limit() const {
    return limits.max_leak || limits.max_leak_per_site || limits.max_peak ||
           limits.max_allocations || limits.max_growth || !baseline.empty();
  }
};

void add_limits(CLI::App& command, Arguments& arguments) {
  Limits& limits = arguments.limits;
  add_size(command, "--max-leak", limits.max_leak, "bytes that a process may leak in all");
  add_size(command, "--max-leak-per-site", limits.max_leak_per_site,
           "bytes that a process may leak at one line");
  add_size(command, "--max-peak", limits.max_peak, "bytes that a process may hold at any moment");
  command.add_option("--max-allocations", limits.max_allocations, "calls that hand out memory")
      ->type_name("N");
  add_size(command, "--max-growth", limits.max_growth,
           "bytes by which what is alive may grow from a mark to the next of its name");
  command
      .add_option("--baseline", arguments.baseline,
                  "leaks that are in FILE are known; more than them is over the limit")
      ->type_name("FILE");
  const auto set_tolerance = [&limits](const CLI::results_t& values) {
    if (parse_percentage(values.front(), limits.tolerance)) return true;
    throw CLI::ValidationError("--tolerance=" + values.front(), "is not a percentage (5%)");
  };
  command.add_option("--tolerance", set_tolerance, "how much more than the baseline is no more")
      ->type_name("N%");
  command.add_flag("--update-baseline", arguments.is_baseline_updated,
                   "write what leaks to the file of --baseline, and pass");
}

void add_outputs(CLI::App& command, Arguments& arguments) {
  command.add_option("--only", arguments.only, "judge these places alone")->type_name("PATTERN");
  command.add_option("--ignore", arguments.ignored, "leave these places out")->type_name("PATTERN");
  command
      .add_option("--suppressions", arguments.suppressions,
                  "leave out what the lines of FILE match; # begins a comment")
      ->type_name("FILE");
  command.add_option("--json", arguments.json, "write the verdict to FILE")->type_name("FILE");
  command.add_option("--junit", arguments.junit, "write a JUnit report to FILE")->type_name("FILE");
  command.add_option("--markdown", arguments.markdown, "write a summary of the job to FILE")
      ->type_name("FILE");
  command.add_flag("--github", arguments.is_for_github, "print annotations for GitHub");
  command.add_flag("--no-children", arguments.no_children, "judge the program itself alone");
  for (const char* const name : {"--only", "--ignore", "--suppressions"}) {
    command.get_option(name)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

// False, after a line on standard error: one of them tells nothing.
bool read_uses(const std::vector<std::string>& captures, std::vector<CaptureUse>& uses) {
  uses.resize(captures.size());
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (!read_checked(captures[i], uses[i])) return false;
  }
  return true;
}

bool write_outputs(const Arguments& arguments, const Verdict& verdict) {
  bool is_written = true;
  if (!arguments.json.empty()) is_written = write_verdict_json(arguments.json, verdict);
  if (!arguments.junit.empty()) is_written = write_junit(arguments.junit, verdict) && is_written;
  if (!arguments.markdown.empty()) {
    is_written = write_markdown(arguments.markdown, verdict) && is_written;
  }
  if (arguments.is_for_github) print_annotations(verdict);
  return is_written;
}

int judge_all(const Arguments& arguments, Selection& selection,
              const std::vector<std::string>& captures) {
  std::vector<CaptureUse> uses;
  if (!read_uses(captures, uses)) return kUsageError;
  const Verdict verdict = judge(std::move(uses), arguments.limits, selection);
  const bool has_growth =
      std::any_of(verdict.processes.begin(), verdict.processes.end(),
                  [](const ProcessVerdict& process) { return process.growth.is_known; });
  if (arguments.limits.max_growth && !has_growth) {
    return complain("--max-growth: the program set no two marks that could be compared");
  }
  if (arguments.is_baseline_updated) {
    return baseline_of(verdict).write(arguments.baseline) ? 0 : kUsageError;
  }
  print_verdict(verdict);
  if (!write_outputs(arguments, verdict)) return kUsageError;
  return verdict.is_over() ? 1 : 0;
}

int run_and_judge(const Arguments& arguments, Selection& selection,
                  const std::vector<std::string>& program) {
  TracedProgram traced;
  Options options = arguments.options;
  // What is alive can be told from all events alone.
  options.flow = true;
  options.ring = 0;
  TracedRun done = traced.run(with_python(program), options);
  if (!done.problem.empty()) return complain(done.problem);
  if (arguments.no_children) keep_process(done.captures, done.process);
  if (done.captures.empty()) {
    complain("no Python ran: there is nothing to judge");
    return done.status != 0 ? done.status : kUsageError;
  }
  const int status = judge_all(arguments, selection, done.captures);
  return done.status != 0 ? done.status : status;
}

// All of its words are captures, and not a program and its arguments.
bool are_captures(const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(), looks_like_capture);
}

int run(Arguments& arguments, const std::vector<std::string>& words) {
  if (words.empty()) return complain("gate: a capture or a program is missing; see --help");
  if (!arguments.has_limit()) {
    return complain(
        "gate: a limit is missing: --max-leak SIZE, --max-peak SIZE, --baseline FILE; "
        "see --help");
  }
  if (arguments.is_baseline_updated && arguments.baseline.empty()) {
    return complain("--update-baseline needs --baseline FILE");
  }
  Selection selection;
  selection.only(arguments.only);
  selection.ignore(arguments.ignored);
  for (const std::string& path : arguments.suppressions) {
    if (!selection.read_suppressions(path)) return kUsageError;
  }
  if (!arguments.baseline.empty() && !arguments.is_baseline_updated) {
    arguments.limits.baseline.emplace();
    if (!arguments.limits.baseline->read(arguments.baseline)) return kUsageError;
  }
  return are_captures(words) ? judge_all(arguments, selection, words)
                             : run_and_judge(arguments, selection, words);
}

}  // namespace

void add_gate_verb(CLI::App& command, Call& call) {
  const auto arguments = std::make_shared<Arguments>();
  command
      .add_option("PROGRAM", arguments->shown_in_help,
                  "what to run, as for `pymemflow run`; or captures")
      ->type_name("");
  add_limits(command, *arguments);
  add_outputs(command, *arguments);
  add_options(command, OptionUse::Recording, arguments->options);
  command.preparse_callback([arguments](std::size_t) { read_environment(arguments->options); });
  command.callback([arguments, &call] { call.status = run(*arguments, call.program); });
}

}  // namespace pymemflow::cli
