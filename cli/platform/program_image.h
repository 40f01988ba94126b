#pragma once
// What the file of a program says of how it is started, in the system's own format. One thread. A
// file that cannot be read, or is of another format, says nothing.

#include <string>

namespace pymemflow::cli::platform {

// "ELF".
extern const char* const kProgramFormat;

struct ProgramImage {
  bool is_program = false;  // it has that format
  bool is_read = false;     // else nothing that follows is known: it is damaged
  bool is_for_us = false;   // the library could be loaded into it, as far as the processor goes
  std::string machine;      // "x86_64"; where the file is for several, all of them
  std::string loader;       // empty: it is static, or a library
};
ProgramImage read_program_image(const std::string& path);

// The machine that this is for, in the same words.
std::string own_machine();

// Rights that the file gives beyond those of its mode: "file capabilities"; empty: none.
std::string special_rights_of(const std::string& path);

}  // namespace pymemflow::cli::platform
