// pymemflow doctor [PYTHON]: whether a Python can be traced, and how fully.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/console/json.h"
#include "cli/console/site_names.h"
#include "cli/doctor/doctor_checks.h"
#include "cli/launch/split_command.h"

namespace pymemflow::cli {
namespace {

using doctor::Check;
using doctor::Examination;
using doctor::Finding;
using doctor::Measure;
using doctor::Verdict;

struct Word {
  const char* shown;
  const char* json;
};
// By Verdict.
constexpr Word kWords[] = {
    {"", "unasked"}, {"ok", "ok"}, {"note", "note"}, {"PARTLY", "partly"}, {"NO", "no"}};
// By exit code.
constexpr Word kConclusions[] = {{"This Python can be traced fully.", "full"},
                                 {"This Python can be traced in part.", "partial"},
                                 {"This Python cannot be traced.", "none"}};

struct Opinion {
  const Check* check;
  Finding finding;
};

struct Diagnosis {
  Examination about;
  std::vector<Opinion> opinions;
  int status = 0;
};

Diagnosis diagnose(const std::string& python) {
  Diagnosis diagnosis;
  diagnosis.about = doctor::examine(python);
  Verdict worst = Verdict::Fine;
  for (const Check& check : doctor::checks()) {
    // Once nothing works, what comes after it would say the same in other words.
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
    if (finding.verdict == Verdict::Unasked) continue;
    std::printf("%-7s %-9s %s\n", word_of(finding.verdict).shown, check->name,
                printable(finding.text).c_str());
    if (!finding.advice.empty()) std::printf("%18s-> %s\n", "", printable(finding.advice).c_str());
  }
  std::puts(kConclusions[diagnosis.status].shown);
}

Json json_of(const Measure& measure) {
  return {{"made", measure.made}, {"seen", measure.seen}, {"on_their_line", measure.placed}};
}

Json json_of(const Diagnosis& diagnosis) {
  const Examination& about = diagnosis.about;
  Json checks = Json::array();
  for (const auto& [check, finding] : diagnosis.opinions) {
    if (finding.verdict == Verdict::Unasked) continue;
    checks.push_back({{"check", check->name},
                      {"verdict", word_of(finding.verdict).json},
                      {"text", finding.text},
                      {"advice", finding.advice}});
  }
  Json json = {{"asked", about.asked.asked},
               {"program", about.python.path},
               {"traceable", kConclusions[diagnosis.status].json},
               {"exit_code", diagnosis.status},
               {"checks", checks}};
  if (about.has_python()) {
    json["python"] = {{"version", about.answer("version")},
                      {"implementation", about.answer("implementation")},
                      {"debug", about.answer("debug") == "1"},
                      {"free_threaded", about.answer("flags").find('t') != std::string_view::npos},
                      {"gil", about.answer("gil") == "1"},
                      {"allocator", about.answer("allocator")}};
  }
  if (about.has_capture) {
    json["trace"] = {
        {"interpreter", about.interpreter.empty() ? about.python.path : about.interpreter},
        {"layout", about.layout},
        {"small_objects", json_of(about.small)},
        {"large_objects", json_of(about.large)},
        {"c_library", json_of(about.library)}};
  }
  return json;
}

int run(const std::string& python, bool is_json) {
  const Diagnosis diagnosis = diagnose(python);
  if (is_json) {
    std::puts(text_of(json_of(diagnosis)).c_str());
  } else {
    print(diagnosis);
  }
  return diagnosis.status;
}

struct Arguments {
  std::string python = default_python();
  bool is_json = false;
};

}  // namespace

void add_doctor_verb(CLI::App& command, Call& call) {
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("PYTHON", arguments->python,
                     "which Python; without it, the python3 of the PATH");
  command.add_flag("--json", arguments->is_json, "what was found, as JSON");
  command.callback(
      [arguments, &call] { call.status = run(arguments->python, arguments->is_json); });
}

}  // namespace pymemflow::cli
