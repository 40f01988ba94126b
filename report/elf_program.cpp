#include "report/elf_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "report/private_library.h"

namespace pymemflow::report {
namespace {

constexpr std::size_t kMaxLoader = 4096;

struct Machine {
  std::uint16_t number;
  std::string_view name;
};
constexpr Machine kMachines[] = {
    {EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"}, {EM_386, "i386"},   {EM_ARM, "arm"},
    {EM_RISCV, "riscv"},   {EM_PPC64, "ppc64"},     {EM_S390, "s390x"}, {EM_MIPS, "mips"},
};

void read_loader(const ElfFunctions& elf, Elf* file, int descriptor, ElfProgram& program) {
  std::size_t count = 0;
  if (elf.getphdrnum(file, &count) != 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (elf.getphdr(file, static_cast<int>(i), &header) == nullptr) return;
    if (header.p_type != PT_INTERP) continue;
    char text[kMaxLoader];
    const ssize_t size = pread(descriptor, text, std::min(header.p_filesz, sizeof text),
                               static_cast<off_t>(header.p_offset));
    if (size > 0) program.loader.assign(text, strnlen(text, static_cast<std::size_t>(size)));
  }
}

void read_headers(const ElfFunctions& elf, int descriptor, ElfProgram& program) {
  Elf* const file = elf.begin(descriptor, ELF_C_READ, nullptr);
  GElf_Ehdr header;
  if (file != nullptr && elf.getehdr(file, &header) != nullptr) {
    program.is_read = true;
    program.machine = header.e_machine;
    program.is_64_bit = header.e_ident[EI_CLASS] == ELFCLASS64;
    read_loader(elf, file, descriptor, program);
  }
  elf.end(file);
}

}  // namespace

ElfProgram read_elf_program(std::string_view path) {
  ElfProgram program;
  const int file = open(String(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return program;
  char magic[SELFMAG];
  program.is_elf =
      pread(file, magic, SELFMAG, 0) == SELFMAG && std::memcmp(magic, ELFMAG, SELFMAG) == 0;
  const ElfFunctions* const elf = elf_functions();
  if (program.is_elf && elf != nullptr) read_headers(*elf, file, program);
  close(file);
  return program;
}

String machine_name(std::uint16_t machine) {
  for (const Machine& known : kMachines) {
    if (known.number == machine) return String(known.name);
  }
  String name;
  fmt::format_to(std::back_inserter(name), "ELF machine {}", machine);
  return name;
}

}  // namespace pymemflow::report
