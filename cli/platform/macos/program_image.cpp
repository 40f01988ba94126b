// Programs of macOS: Mach-O, for one machine, or several in a file with a table of them. (The
// functions that read such tables came with macOS 13.)

#include "cli/platform/program_image.h"

#include <fcntl.h>
#include <libkern/OSByteOrder.h>
#include <mach-o/fat.h>
#include <mach-o/loader.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace pymemflow::cli::platform {
namespace {

#if defined(__x86_64__)
constexpr cpu_type_t kOurs = CPU_TYPE_X86_64;
constexpr cpu_subtype_t kOurVariant = CPU_SUBTYPE_X86_64_ALL;
#elif defined(__aarch64__)
constexpr cpu_type_t kOurs = CPU_TYPE_ARM64;
constexpr cpu_subtype_t kOurVariant = CPU_SUBTYPE_ARM64_ALL;
#else
#  error "for which machine is this?"
#endif

constexpr std::uint32_t kMaxMachines = 16;
constexpr std::size_t kMaxCommandBytes = std::size_t{1} << 20;

// One machine's program in the file.
struct Slice {
  cpu_type_t type = 0;
  cpu_subtype_t variant = 0;
  std::uint64_t offset = 0;

  // Programs with signed pointers load no library without.
  bool is_for_us() const {
    return type == kOurs && (type != CPU_TYPE_ARM64 || variant != CPU_SUBTYPE_ARM64E);
  }
};

std::string machine_name(cpu_type_t type, cpu_subtype_t variant) {
  if (type == CPU_TYPE_ARM64) return variant == CPU_SUBTYPE_ARM64E ? "arm64e" : "arm64";
  if (type == CPU_TYPE_X86_64) return "x86_64";
  if (type == CPU_TYPE_I386) return "i386 (32 bits)";
  return "Mach-O machine " + std::to_string(type);
}

class File {
 public:
  explicit File(const std::string& path)
      : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Whole or not at all.
  bool read(void* to, std::size_t bytes, std::uint64_t offset) const {
    return ::pread(file_, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
  }

 private:
  const int file_;
};

std::vector<Slice> slices_of_table(const File& file, std::uint32_t count) {
  std::vector<Slice> slices;
  for (std::uint32_t i = 0; i < std::min(count, kMaxMachines); ++i) {
    fat_arch row;
    if (!file.read(&row, sizeof row, sizeof(fat_header) + i * sizeof row)) return {};
    const auto variant = OSSwapBigToHostInt32(static_cast<std::uint32_t>(row.cpusubtype));
    slices.push_back(
        {static_cast<cpu_type_t>(OSSwapBigToHostInt32(static_cast<std::uint32_t>(row.cputype))),
         static_cast<cpu_subtype_t>(variant & ~CPU_SUBTYPE_MASK),
         OSSwapBigToHostInt32(row.offset)});
  }
  return slices;
}

// dyld's path, which a load command holds.
std::string read_loader(const File& file, const Slice& slice) {
  mach_header_64 header;
  if (!file.read(&header, sizeof header, slice.offset)) return {};
  std::vector<char> commands(std::min(std::size_t{header.sizeofcmds}, kMaxCommandBytes));
  if (!file.read(commands.data(), commands.size(), slice.offset + sizeof header)) return {};
  std::size_t at = 0;
  while (commands.size() - at >= sizeof(load_command)) {
    load_command command;
    std::memcpy(&command, commands.data() + at, sizeof command);
    if (command.cmdsize < sizeof command || command.cmdsize > commands.size() - at) return {};
    if (command.cmd == LC_LOAD_DYLINKER && command.cmdsize > sizeof(dylinker_command)) {
      const char* const text = commands.data() + at + sizeof(dylinker_command);
      return {text, ::strnlen(text, command.cmdsize - sizeof(dylinker_command))};
    }
    at += command.cmdsize;
  }
  return {};
}

}  // namespace

const char* const kProgramFormat = "Mach-O";

ProgramImage read_program_image(const std::string& path) {
  ProgramImage image;
  const File file(path);
  std::vector<Slice> slices;
  mach_header_64 header;
  fat_header table;
  if (file.read(&header, sizeof header, 0) && header.magic == MH_MAGIC_64) {
    slices.push_back({header.cputype,
                      static_cast<cpu_subtype_t>(static_cast<std::uint32_t>(header.cpusubtype) &
                                                 ~CPU_SUBTYPE_MASK),
                      0});
  } else if (file.read(&table, sizeof table, 0) && table.magic == OSSwapHostToBigInt32(FAT_MAGIC)) {
    image.is_program = true;
    slices = slices_of_table(file, OSSwapBigToHostInt32(table.nfat_arch));
  }
  if (slices.empty()) return image;
  image.is_program = true;
  image.is_read = true;
  for (const Slice& slice : slices) {
    image.machine += (image.machine.empty() ? "" : ", ") + machine_name(slice.type, slice.variant);
    image.is_for_us = image.is_for_us || slice.is_for_us();
    if (slice.is_for_us() || image.loader.empty()) image.loader = read_loader(file, slice);
  }
  return image;
}

std::string own_machine() {
  return machine_name(kOurs, kOurVariant);
}

std::string special_rights_of(const std::string&) {
  return {};
}

}  // namespace pymemflow::cli::platform
