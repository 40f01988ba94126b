#pragma once
// THE table of the doctor's checks: what may be in the way of tracing a Python, one row each, in
// the order in which they are said. Pure: they judge an Examination, and find nothing out
// themselves. One thread.
//
// To add a check: 1. what it must know, in Examination; 2. a function and its row in
// doctor_checks.cpp; 3. its test in tests/process/test_doctor.py.

#include <span>
#include <string>

#include "cli/doctor/probe.h"

namespace pymemflow::cli::doctor {

// From good to bad. The exit code is that of the worst: 0, 0, 0, 1, 2.
enum class Verdict {
  Unasked,  // what was found before leaves nothing to say of it
  Fine,
  Note,     // fine, with something to know
  Partly,   // tracing works, and does not see everything
  Nothing,  // nothing can be traced
};

struct Finding {
  Verdict verdict = Verdict::Unasked;
  std::string text;
  std::string advice = {};  // what to do; empty: nothing
};

struct Check {
  const char* name;
  Finding (*judge)(const Examination& about);
};

std::span<const Check> checks();

}  // namespace pymemflow::cli::doctor
