#pragma once
// The system's part of the doctor: questions for its small program (cli/doctor/probe.h), and checks
// whose meaning depends on the system. Pure. One thread.

#include <string>
#include <vector>

#include "cli/platform/finding.h"

namespace pymemflow::cli::platform {

// Python code for the small program. It defines:
//   PRELOAD       the variable that names the libraries to preload
//   program()     the path of the running program
//   is_secure()   True if the loader ignores that variable
//   keep          calls a function of the C library that copies the second of its two texts; None:
//                 this Python has no such function
//   KEPT_SIZE     bytes by which the copy is longer than the text, if the first is `pymemflow-00`
extern const char* const kQuestions;

// Tells whether a program's loader can preload a library.
Finding judge_loader(const std::string& loader);

// Tells whether calls of malloc() reach the library before the other files that define it, which a
// capture lists (MetadataKind::Allocators). `all_seen`: every call that the small program made was
// seen.
Finding judge_allocators(const std::vector<std::string>& files, bool all_seen);

// Tells whether a forked child is told from its parent, and whether memory that may be unmapped can
// be read, as the kernel answers this process; a filter of system calls is inherited.
Finding judge_forks();
Finding judge_memory_reads();

// Tells whether the libraries are there with which reports name C functions.
Finding judge_symbols();

}  // namespace pymemflow::cli::platform
