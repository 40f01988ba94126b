#pragma once
// What a gate says, in the forms that it is asked for. One thread.

#include <cstdio>
#include <string>

#include "cli/gate/gate.h"

namespace pymemflow::cli {

// At most so many leaks of a process are named.
inline constexpr std::size_t kNamedLeaks = 10;

// For people, on standard error: what is over the limits, or that nothing is, and what was set
// aside.
void print_verdict(const Verdict& verdict);

// For the log of a GitHub job, on standard output: annotations on file and line.
void print_annotations(const Verdict& verdict);

// Into files. False, after a line on standard error: it cannot be written.
bool write_verdict_json(const std::string& path, const Verdict& verdict);
bool write_junit(const std::string& path, const Verdict& verdict);
bool write_markdown(const std::string& path, const Verdict& verdict);

// "4711 (python3 leak.py)".
std::string process_name(const CaptureUse& use);
// The findings that are over and the leaks behind them, for people; a line each, no newline at the
// end. In colour, if they are for a terminal.
std::string findings_text(const ProcessVerdict& process, std::FILE* terminal = nullptr);

}  // namespace pymemflow::cli
