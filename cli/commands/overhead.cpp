// pymemflow overhead PROGRAM: measures what recording costs on a program, beside the program alone
// and other tools.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/console/text.h"
#include "cli/launch/split_command.h"
#include "cli/launch/traced_program.h"
#include "cli/overhead/comparison.h"
#include "cli/overhead/outputs.h"
#include "cli/platform/protections.h"

namespace pymemflow::cli {
namespace {

constexpr std::uint64_t kRounds = 5;
constexpr std::uint64_t kMostRounds = 1000;

struct Arguments {
  std::optional<std::uint64_t> rounds;
  std::string modes;
  std::string tools;
  std::string stacks;
  std::vector<std::string> libraries;
  bool ignores_failure = false;
  bool is_json = false;
};

std::string all_of(bool is_ours) {
  std::string text = overhead::names_of(is_ours);
  std::ranges::replace(text, '|', ',');
  return text;
}

Error make_plan(const Arguments& arguments, const std::vector<std::string>& program,
                overhead::Plan& plan) {
  plan.program = with_python(program);
  plan.rounds = arguments.rounds.value_or(kRounds);
  plan.ignores_failure = arguments.ignores_failure;
  plan.libraries = arguments.libraries;
  if (plan.rounds == 0 || plan.rounds > kMostRounds) {
    return Error("--rounds=" + std::to_string(plan.rounds) + " is not from 1 to " +
                 std::to_string(kMostRounds));
  }
  const std::string& modes = arguments.modes;
  if (Error error = choose(modes.empty() ? all_of(true) : modes, true, plan.ours)) {
    return Error("--modes: " + error.text);
  }
  const std::string& tools = arguments.tools;
  if (Error error = choose(tools.empty() ? all_of(false) : tools, false, plan.peers)) {
    return Error("--tools: " + error.text);
  }
  const char* const stack = std::getenv("PYMEMFLOW_STACK");
  const bool is_in_environment = arguments.stacks.empty() && stack != nullptr;
  const std::string stacks = is_in_environment ? stack : arguments.stacks;
  if (Error error = overhead::choose_stacks(stacks, plan.stacks)) return error;
  if (plan.ours.empty() && plan.peers.empty())
    return Error("--modes and --tools leave nothing to measure");
  if (runs_on_musl(plan.program.front())) {
    return Error(plan.program.front() + " is built for musl, and this library for glibc");
  }
  return Error(platform::reason_not_traceable(plan.program));
}

void print_said(const std::string& said) {
  if (!said.empty()) std::fprintf(stderr, "%s", printable_lines(said).c_str());
}

// The program failed without any tool, or the user stopped.
int stop(const overhead::Comparison& comparison) {
  print_said(comparison.said);
  const std::string end = "the program ended with exit code " + std::to_string(comparison.status);
  if (comparison.is_interrupted) {
    say("interrupted: nothing is compared");
  } else if (comparison.status == 0) {
    say(end + ", and with another one before: nothing is compared");
  } else {
    say(end + ": nothing is compared; --ignore-failure compares all the same");
  }
  return comparison.status != 0 ? comparison.status : kUsageError;
}

int run(const Arguments& arguments, const std::vector<std::string>& program) {
  if (program.empty())
    return complain("overhead: a program is missing; see pymemflow help overhead");
  overhead::Plan plan;
  if (const Error error = make_plan(arguments, program, plan)) return complain(error);
  overhead::Comparison comparison;
  if (const Error error = compare(plan, comparison)) return complain(error);
  if (comparison.is_stopped) return stop(comparison);
  const std::vector<overhead::Measured> measured = evaluate(comparison);
  const std::string text = arguments.is_json ? json_of(plan, comparison, measured)
                                             : table_of(plan, comparison, measured);
  std::fputs(text.c_str(), stdout);
  const bool has_failed = std::ranges::any_of(comparison.rows, [](const overhead::Row& row) {
    return row.mode->kind == overhead::ModeKind::Ours && !row.failure.empty();
  });
  if (!has_failed) return 0;
  print_said(comparison.said);
  return complain("the program does not end in each mode of recording as it does alone");
}

}  // namespace

void declare_overhead(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.program(
      "the program to measure; script.py, -m MODULE and -c CODE run with the python3 of the PATH");
  syntax.number(
      "--rounds", arguments->rounds,
      "run the program N times in each way (default: 5), after one run that does not count");
  syntax.text("--modes", "LIST", arguments->modes,
              "measure these modes of recording (" + all_of(true) + ")");
  syntax.text("--tools", "LIST", arguments->tools,
              "measure these other tools (" + all_of(false) + "); none: no other tool");
  syntax.text("--stack", "LIST", arguments->stacks,
              "measure each mode of recording with each of these call stacks (as of the option "
              "stack: top,python,native)");
  syntax.texts("--beside", "LIBRARY", arguments->libraries,
               "also measure this other build of the library");
  syntax.flag("--ignore-failure", arguments->ignores_failure,
              "compare even if the program ends with an exit code other than 0");
  syntax.flag("--json", arguments->is_json, "print the result as JSON");
  syntax.action([arguments](const auto& program) { return run(*arguments, program); });
}

}  // namespace pymemflow::cli
