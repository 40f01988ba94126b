#pragma once
// THE table of the doctor's checks: one row for each thing that can prevent the tracing of a
// Python, in the order in which they are printed. Checks judge a Probe and gather nothing
// themselves. Pure.
//
// To add a check: 1. the facts that it needs, in Probe; 2. a function and its row in
// doctor_checks.cpp; 3. its test in tests/process/test_doctor.py.

#include <span>

#include "cli/doctor/probe.h"
#include "cli/platform/finding.h"

namespace pymemflow::cli::doctor {

using platform::Finding;
using platform::Verdict;

struct Check {
  const char* name;
  Finding (*judge)(const Probe& about);
};

std::span<const Check> checks();

}  // namespace pymemflow::cli::doctor
