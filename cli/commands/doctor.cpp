// pymemflow doctor [PYTHON]: checks whether a Python can be traced, and explains what prevents it.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/console/json.h"
#include "cli/console/text.h"
#include "cli/doctor/doctor_checks.h"
#include "cli/launch/split_command.h"

namespace pymemflow::cli {
namespace {

using doctor::Check;
using doctor::Finding;
using doctor::Measure;
using doctor::Probe;
using doctor::Verdict;

constexpr std::uint64_t kSeconds = 30;
constexpr std::uint64_t kMost = std::uint64_t{24} * 60 * 60;

struct Word {
  const char* shown;
  const char* json;
};
// By Verdict.
constexpr Word kWords[] = {
    {"", "skipped"}, {"ok", "ok"}, {"note", "note"}, {"PARTLY", "partly"}, {"NO", "no"}};
// By exit code.
constexpr Word kConclusions[] = {{"This Python can be traced fully.", "full"},
                                 {"This Python can be traced in part.", "partial"},
                                 {"This Python cannot be traced.", "none"}};

struct Opinion {
  const Check* check;
  Finding finding;
};

struct Diagnosis {
  Probe about;
  std::vector<Opinion> opinions;
  int status = 0;
};

Diagnosis diagnose(const std::string& python, int seconds) {
  Diagnosis diagnosis;
  diagnosis.about = doctor::probe(python, seconds);
  Verdict worst = Verdict::Fine;
  for (const Check& check : doctor::checks()) {
    // Once nothing works, later checks would repeat that in other words.
    if (worst == Verdict::Nothing) break;
    diagnosis.opinions.push_back({&check, check.judge(diagnosis.about)});
    worst = std::max(worst, diagnosis.opinions.back().finding.verdict);
  }
  diagnosis.status = worst == Verdict::Nothing ? 2 : worst == Verdict::Partly ? 1 : 0;
  return diagnosis;
}

const Word& word_of(Verdict verdict) {
  return kWords[static_cast<std::size_t>(verdict)];
}

void print(const Diagnosis& diagnosis) {
  for (const auto& [check, finding] : diagnosis.opinions) {
    if (finding.verdict == Verdict::Skipped) continue;
    std::printf("%-7s %-9s %s\n", word_of(finding.verdict).shown, check->name,
                printable(finding.text).c_str());
    if (!finding.advice.empty()) std::printf("%18s-> %s\n", "", printable(finding.advice).c_str());
  }
  std::puts(kConclusions[diagnosis.status].shown);
}

Json json_of(const Measure& measure) {
  return Json::object()
      .set("made", measure.made)
      .set("seen", measure.seen)
      .set("on_their_line", measure.on_line);
}

Json checks_of(const Diagnosis& diagnosis) {
  Json checks = Json::array();
  for (const auto& [check, finding] : diagnosis.opinions) {
    if (finding.verdict == Verdict::Skipped) continue;
    checks.append(Json::object()
                      .set("check", check->name)
                      .set("verdict", word_of(finding.verdict).json)
                      .set("text", finding.text)
                      .set("advice", finding.advice));
  }
  return checks;
}

Json python_of(const Probe& about) {
  return Json::object()
      .set("version", about.answer("version"))
      .set("implementation", about.answer("implementation"))
      .set("debug", about.answer("debug") == "1")
      .set("free_threaded", about.answer("flags").find('t') != std::string_view::npos)
      .set("gil", about.answer("gil") == "1")
      .set("allocator", about.answer("allocator"));
}

Json trace_of(const Probe& about) {
  return Json::object()
      .set("interpreter", about.interpreter.empty() ? about.python.path : about.interpreter)
      .set("layout", about.layout)
      .set("small_objects", json_of(about.small))
      .set("large_objects", json_of(about.large))
      .set("c_library", json_of(about.library));
}

Json json_of(const Diagnosis& diagnosis) {
  const Probe& about = diagnosis.about;
  Json json = Json::object()
                  .set("asked", about.asked.asked)
                  .set("program", about.python.path)
                  .set("traceable", kConclusions[diagnosis.status].json)
                  .set("exit_code", diagnosis.status)
                  .set("checks", checks_of(diagnosis));
  if (about.has_python()) json.set("python", python_of(about));
  if (about.has_capture) json.set("trace", trace_of(about));
  return json;
}

struct Arguments {
  std::string python = default_python();
  std::optional<std::uint64_t> seconds;
  bool is_json = false;
};

int run(const Arguments& arguments) {
  const std::uint64_t seconds = arguments.seconds.value_or(kSeconds);
  const Diagnosis diagnosis =
      diagnose(arguments.python, static_cast<int>(std::clamp<std::uint64_t>(seconds, 1, kMost)));
  if (arguments.is_json) {
    std::puts(json_of(diagnosis).text().c_str());
  } else {
    print(diagnosis);
  }
  return diagnosis.status;
}

}  // namespace

void declare_doctor(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.optional_operand("PYTHON", arguments->python,
                          "the Python to check; the default is the python3 of the PATH");
  syntax.flag("--json", arguments->is_json, "print the result as JSON");
  syntax.number("--timeout", arguments->seconds,
                "kill the Python, and the programs that it started, after N seconds (default: 30)");
  syntax.action([arguments](const auto&) { return run(*arguments); });
}

}  // namespace pymemflow::cli
