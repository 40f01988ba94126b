#pragma once
// What an ELF file says of how it is started: for which machine it is, and by which loader. Report
// side; any thread. A file that cannot be read, or is not ELF, says nothing.

#include <string_view>

#include "report/memory.h"

namespace pymemflow::report {

struct ElfProgram {
  bool is_elf = false;
  bool is_read = false;       // else nothing that follows is known: it is damaged, or no libelf
  std::uint16_t machine = 0;  // EM_…
  bool is_64_bit = false;
  String loader;  // PT_INTERP; empty: it is static, or a library
};

ElfProgram read_elf_program(std::string_view path);

// As `uname -m` has it, or its number.
String machine_name(std::uint16_t machine);

}  // namespace pymemflow::report
