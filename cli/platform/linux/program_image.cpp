// Programs of Linux: ELF, read with libelf.

#include "cli/platform/program_image.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "report/base/private_library.h"

namespace pymemflow::cli::platform {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kOurs = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kOurs = EM_AARCH64;
#else
#  error "for which machine is this?"
#endif

constexpr std::size_t kMaxLoader = 4096;

struct Machine {
  std::uint16_t number;
  std::string_view name;
};
constexpr Machine kMachines[] = {
    {EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"}, {EM_386, "i386"},   {EM_ARM, "arm"},
    {EM_RISCV, "riscv"},   {EM_PPC64, "ppc64"},     {EM_S390, "s390x"}, {EM_MIPS, "mips"},
};

// The name that `uname -m` prints, or the number.
std::string machine_name(std::uint16_t machine) {
  for (const Machine& known : kMachines) {
    if (known.number == machine) return std::string(known.name);
  }
  return "ELF machine " + std::to_string(machine);
}

void read_loader(const report::ElfFunctions& elf, Elf* file, int descriptor, ProgramImage& image) {
  std::size_t count = 0;
  if (elf.getphdrnum(file, &count) != 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (elf.getphdr(file, static_cast<int>(i), &header) == nullptr) return;
    if (header.p_type != PT_INTERP) continue;
    char text[kMaxLoader];
    const ssize_t size = ::pread(descriptor, text, std::min(header.p_filesz, sizeof text),
                                 static_cast<off_t>(header.p_offset));
    if (size > 0) image.loader.assign(text, ::strnlen(text, static_cast<std::size_t>(size)));
  }
}

void read_headers(const report::ElfFunctions& elf, int descriptor, ProgramImage& image) {
  Elf* const file = elf.begin(descriptor, ELF_C_READ, nullptr);
  GElf_Ehdr header;
  if (file != nullptr && elf.getehdr(file, &header) != nullptr) {
    const bool is_64_bit = header.e_ident[EI_CLASS] == ELFCLASS64;
    image.is_read = true;
    image.is_for_us = header.e_machine == kOurs && is_64_bit;
    image.machine = machine_name(header.e_machine) + (is_64_bit ? "" : " (32 bits)");
    read_loader(elf, file, descriptor, image);
  }
  elf.end(file);
}

}  // namespace

const char* const kProgramFormat = "ELF";

ProgramImage read_program_image(const std::string& path) {
  ProgramImage image;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return image;
  char magic[SELFMAG];
  image.is_program =
      ::pread(file, magic, SELFMAG, 0) == SELFMAG && std::memcmp(magic, ELFMAG, SELFMAG) == 0;
  const report::ElfFunctions* const elf = report::elf_functions();
  if (image.is_program && elf != nullptr) read_headers(*elf, file, image);
  ::close(file);
  return image;
}

std::string own_machine() {
  return machine_name(kOurs);
}

std::string special_rights_of(const std::string& path) {
  const bool has_some = ::getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  return has_some ? "file capabilities" : "";
}

}  // namespace pymemflow::cli::platform
