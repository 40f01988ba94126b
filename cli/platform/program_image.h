#pragma once
// Reads from a program's file how the system starts it. A file that cannot be read, or has another
// format, yields an empty image. One thread.

#include <string>

namespace pymemflow::cli::platform {

// "ELF".
extern const char* const kProgramFormat;

struct ProgramImage {
  bool is_program = false;  // it has that format
  bool is_read = false;     // false: the file is damaged, and the fields below are unknown
  bool is_for_us = false;   // it is for the processor that the library is for
  std::string machine;      // "x86_64"; all of them if the file is for several
  std::string loader;       // empty: it is static, or a library
};
ProgramImage read_program_image(const std::string& path);

// The machine that this command is for, in the same words.
std::string own_machine();

// Rights that the file grants besides those of its mode: "file capabilities"; empty: none.
std::string special_rights_of(const std::string& path);

}  // namespace pymemflow::cli::platform
