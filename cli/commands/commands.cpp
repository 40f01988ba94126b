#include "cli/commands/commands.h"

#include <cstdio>

#include "cli/console/site_names.h"

namespace pymemflow::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "run a program, and print what it allocated and freed",
     "run script.py\nrun --summary -- pytest -x tests\nrun --output report.%p -m http.server", true,
     add_run_verb},
    {"report", "print what a capture holds", "report capture\nreport --summary capture", false,
     add_report_verb},
    {"gate", "fail when a program leaks, or takes more memory than it may",
     "gate --max-leak 64KiB -- python3 -m pytest\ngate --max-peak 500MiB capture\n"
     "gate --baseline leaks.json --update-baseline script.py",
     true, add_gate_verb},
    {"diff", "compare what two captures hold, place by place",
     "diff old.capture new.capture\ndiff --fail-on-growth 1MiB old.capture new.capture", false,
     add_diff_verb},
    {"doctor", "say whether a Python can be traced, how fully, and what is in the way",
     "doctor\ndoctor /usr/bin/python3.11\ndoctor --json python3", false, add_doctor_verb},
    {"start", "have a running process record its calls, from here on",
     "start 4711\nrun --start=manual server.py", false, add_start_verb},
    {"stop", "have a running process record nothing, until it is started again", "stop 4711", false,
     add_stop_verb},
    {"info", "print what a capture says of its process", "info capture", false, add_info_verb},
    {"manual", "print the manual page", "manual | man -l -", false, add_manual_verb},
    {"completion", "print what a shell needs to complete this command line",
     "completion bash > ~/.local/share/bash-completion/completions/pymemflow\n"
     "completion zsh > ~/.zfunc/_pymemflow\n"
     "completion fish > ~/.config/fish/completions/pymemflow.fish",
     false, add_completion_verb},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

int complain(const std::string& what) {
  // What is quoted may hold anything; the line stays one line.
  const std::string line = "pymemflow: " + printable(what) + "\n";
  std::fputs(line.c_str(), stderr);
  return kUsageError;
}

}  // namespace pymemflow::cli
