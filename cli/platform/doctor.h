#pragma once
// Where the doctor's examination and its checks depend on the system (cli/doctor/probe.h,
// cli/doctor/doctor_checks.h). Pure, but for what its words say. One thread.

#include "cli/doctor/doctor_checks.h"

namespace pymemflow::cli::platform {

// The part of the doctor's small program, in Python, that asks the system. It defines:
//   PRELOAD       the variable that names the libraries to put first
//   program()     the file that runs
//   is_secure()   whether the loader ignores that variable
//   keep          a function of the C library, given two texts, that copies the second one; None:
//                 this Python has none
//   KEPT_SIZE     how much longer than the text its copy is, with `pymemflow-00` for the first one
extern const char* const kQuestions;

// What a program's loader makes of a library that is put first.
doctor::Finding judge_loader(const std::string& loader);

// Of a capture: whether the calls of malloc() come to the library before they come to `files`,
// which define it (MetadataKind::Allocators). `all_seen`: those that were made were.
doctor::Finding judge_allocators(const std::vector<std::string>& files, bool all_seen);

}  // namespace pymemflow::cli::platform
