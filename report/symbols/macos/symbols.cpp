// Reads the symbols of a Mach-O file from LC_SYMTAB. Symbols have no size there, so the ends of
// functions come from LC_FUNCTION_STARTS. The system's libraries are in the cache of dyld, not in
// files.

#include <fcntl.h>
#include <libkern/OSByteOrder.h>
#include <mach-o/fat.h>
#include <mach-o/loader.h>
#include <mach-o/nlist.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "report/symbols/symbol_table.h"

namespace pymemflow::report {
namespace {

#ifdef __aarch64__
constexpr cpu_type_t kOwnType = CPU_TYPE_ARM64;
#else
constexpr cpu_type_t kOwnType = CPU_TYPE_X86_64;
#endif

class File {
 public:
  explicit File(const String& path) {
    struct stat facts {};
    if (path.empty() || path[0] != '/' || ::stat(path.c_str(), &facts) != 0) return;
    is_there_ = true;
    if (S_ISREG(facts.st_mode)) file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  }
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_there() const { return is_there_; }
  // Returns false if not all bytes can be read.
  bool read(void* to, std::size_t bytes, std::uint64_t offset) const {
    return file_ >= 0 &&
           ::pread(file_, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
  }

 private:
  int file_ = -1;
  bool is_there_ = false;
};

// Returns the offset of the part for this machine in a universal file; 0 if the file is not one.
std::uint64_t find_slice(const File& file) {
  fat_header header;
  if (!file.read(&header, sizeof header, 0) || header.magic != OSSwapHostToBigInt32(FAT_MAGIC)) {
    return 0;
  }
  const std::uint32_t count = std::min(OSSwapBigToHostInt32(header.nfat_arch), 16U);
  for (std::uint32_t i = 0; i < count; ++i) {
    fat_arch slice;
    if (!file.read(&slice, sizeof slice, sizeof header + i * sizeof slice)) return 0;
    if (OSSwapBigToHostInt32(static_cast<std::uint32_t>(slice.cputype)) ==
        static_cast<std::uint32_t>(kOwnType)) {
      return OSSwapBigToHostInt32(slice.offset);
    }
  }
  return 0;
}

constexpr std::uint64_t kMaxTableBytes = std::uint64_t{256} << 20;

}  // namespace

class SymbolReader {
 public:
  SymbolReader(const File& file, SymbolTable& table)
      : file_(file), slice_(find_slice(file)), table_(table) {}

  void read() {
    if (!file_.is_there()) {
      table_.is_in_no_file_ = true;
      table_.has_more_names_ = true;
      return;
    }
    mach_header_64 header;
    if (!file_.read(&header, sizeof header, slice_) || header.magic != MH_MAGIC_64) return;
    if (header.sizeofcmds > (std::uint32_t{1} << 20)) return;
    Vector<char> commands(header.sizeofcmds);
    if (!file_.read(commands.data(), commands.size(), slice_ + sizeof header)) return;
    std::size_t at = 0;
    while (commands.size() - at >= sizeof(load_command)) {
      load_command command;
      std::memcpy(&command, commands.data() + at, sizeof command);
      if (command.cmdsize < sizeof command || command.cmdsize > commands.size() - at) break;
      take(command, commands.data() + at);
      at += command.cmdsize;
    }
    read_starts();
    read_symbols();
  }

 private:
  template <typename Command>
  static bool get(const load_command& command, const char* place, Command& whole) {
    if (command.cmdsize < sizeof whole) return false;
    std::memcpy(&whole, place, sizeof whole);
    return true;
  }

  void take(const load_command& command, const char* place) {
    segment_command_64 segment;
    uuid_command uuid;
    linkedit_data_command data;
    if (command.cmd == LC_SEGMENT_64 && get(command, place, segment)) {
      table_.segments_.push_back({segment.fileoff, segment.filesize, segment.vmaddr});
      if (std::strncmp(segment.segname, SEG_TEXT, sizeof segment.segname) == 0) {
        text_start_ = segment.vmaddr;
        text_end_ = segment.vmaddr + segment.vmsize;
      }
    } else if (command.cmd == LC_UUID && get(command, place, uuid)) {
      table_.build_id_.assign(reinterpret_cast<const char*>(uuid.uuid), sizeof uuid.uuid);
    } else if (command.cmd == LC_SYMTAB) {
      get(command, place, symbols_);
    } else if (command.cmd == LC_FUNCTION_STARTS && get(command, place, data)) {
      starts_offset_ = data.dataoff;
      starts_bytes_ = data.datasize;
    }
  }

  // The list holds the distances from each function to the next one, in groups of seven bits.
  void read_starts() {
    if (starts_bytes_ == 0 || starts_bytes_ > kMaxTableBytes) return;
    Vector<std::uint8_t> bytes(starts_bytes_);
    if (!file_.read(bytes.data(), bytes.size(), slice_ + starts_offset_)) return;
    std::uint64_t address = text_start_;
    std::uint64_t distance = 0;
    unsigned shift = 0;
    for (const std::uint8_t byte : bytes) {
      if (shift < 63) distance |= std::uint64_t{byte & 0x7fU} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (distance == 0) break;
      address += distance;
      starts_.push_back(address);
      distance = 0;
      shift = 0;
    }
  }

  void read_symbols() {
    const std::uint64_t bytes = std::uint64_t{symbols_.nsyms} * sizeof(nlist_64);
    if (bytes == 0 || bytes > kMaxTableBytes || symbols_.strsize > kMaxTableBytes) return;
    Vector<nlist_64> symbols(symbols_.nsyms);
    table_.names_.resize(symbols_.strsize + std::size_t{1});
    if (!file_.read(symbols.data(), bytes, slice_ + symbols_.symoff)) return;
    if (!file_.read(table_.names_.data(), symbols_.strsize, slice_ + symbols_.stroff)) return;
    for (const nlist_64& symbol : symbols) add(symbol);
  }

  // Adds functions only: a symbol at the start of a function extends to the start of the next one.
  void add(const nlist_64& symbol) {
    if ((symbol.n_type & N_STAB) != 0 || (symbol.n_type & N_TYPE) != N_SECT) return;
    if (symbol.n_un.n_strx + std::size_t{1} >= table_.names_.size()) return;
    const auto start = std::lower_bound(starts_.begin(), starts_.end(), symbol.n_value);
    if (start == starts_.end() || *start != symbol.n_value) return;
    const auto next = start + 1;
    // The compiler prefixes names of C with an underscore.
    const bool is_c = table_.names_[symbol.n_un.n_strx] == '_';
    table_.symbols_.push_back({.start = symbol.n_value,
                               .end = next == starts_.end() ? text_end_ : *next,
                               .reach = 0,
                               .name = symbol.n_un.n_strx + (is_c ? 1 : 0),
                               .is_function = true,
                               .is_global = (symbol.n_type & N_EXT) != 0});
  }

  const File& file_;
  const std::uint64_t slice_;
  SymbolTable& table_;
  std::uint64_t text_start_ = 0;
  std::uint64_t text_end_ = 0;
  symtab_command symbols_{};
  std::uint32_t starts_offset_ = 0;
  std::uint32_t starts_bytes_ = 0;
  Vector<std::uint64_t> starts_;
};

SymbolTable::SymbolTable(std::string_view path) {
  const File file{String(path)};
  SymbolReader(file, *this).read();
}

}  // namespace pymemflow::report
