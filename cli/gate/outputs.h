#pragma once
// The outputs of a gate: one file each. All are pure: the command prints them or writes them to
// files.
//
// To add an output to a file: 1. a row in outputs.def; 2. gate/<name>_output.cpp with its function;
// 3. its source in cli/CMakeLists.txt; 4. its test in tests/process, its description in
// docs/gate.md.

#include <cstdio>
#include <string>

#include "cli/gate/gate.h"

namespace pymemflow::cli {

// The maximum number of sites that are listed for one process.
inline constexpr std::size_t kListedSites = 10;

#define PMF_GATE_OUTPUT(name, sentence) std::string name##_output(const Verdict& verdict);
#include "cli/gate/outputs.def"
#undef PMF_GATE_OUTPUT

// A row of outputs.def.
struct OutputRow {
  const char* option;  // "--json"
  const char* sentence;
  std::string (*text)(const Verdict& verdict);
};
inline constexpr OutputRow kOutputs[] = {
#define PMF_GATE_OUTPUT(name, sentence) {"--" #name, sentence, name##_output},
#include "cli/gate/outputs.def"
#undef PMF_GATE_OUTPUT
};

// For people: the findings that are over, or that there are none, and the memory that was exempt.
// In colour if `terminal` is a terminal.
std::string text_output(const Verdict& verdict, std::FILE* terminal);

// For the log of a GitHub job: annotations with file and line.
std::string github_output(const Verdict& verdict);

// "process 4711 (python3 leak.py) was not traced, nor what it started: it is built for musl".
std::string sentence_of(const UnseenPart& part);
// "4711 (python3 leak.py)".
std::string process_name(const CaptureUse& use);
// The findings that are over and their sites, for people, without a newline at the end.
std::string findings_text(const ProcessVerdict& process, bool full_stacks,
                          std::FILE* terminal = nullptr);
// True if the site is the reason for a finding, or would be if it leaked more.
bool is_listed(const Leak& leak);

}  // namespace pymemflow::cli
