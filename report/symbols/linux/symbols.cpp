// Reads the symbols of an ELF file, by libelf.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "report/base/private_library.h"
#include "report/symbols/linux/mini_debug_data.h"
#include "report/symbols/symbol_table.h"

namespace pymemflow::report {
namespace {

// Opens regular files only: a mapping may name a device. A deleted file may have been replaced by
// another file of the same path; the build id tells the two apart.
int open_mapped_file(const String& path) {
  struct stat status;
  if (path.empty() || path[0] != '/') return -1;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

// Whether a symbol covers code or data. Values of thread-locals are offsets, and sections and files
// have no extent.
bool has_extent(const GElf_Sym& symbol) {
  const unsigned type = GELF_ST_TYPE(symbol.st_info);
  const bool is_named = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_OBJECT ||
                        type == STT_COMMON || type == STT_NOTYPE;
  return is_named && symbol.st_shndx != SHN_UNDEF && symbol.st_size != 0 && symbol.st_name != 0;
}

}  // namespace

// A file that libelf has open.
class SymbolReader {
 public:
  SymbolReader(const ElfFunctions& elf, int fd, SymbolTable& table)
      : elf_(elf), file_(elf.begin(fd, ELF_C_READ, nullptr)), table_(table) {}
  // `image` must outlive this.
  SymbolReader(const ElfFunctions& elf, String& image, SymbolTable& table)
      : elf_(elf), file_(elf.memory(image.data(), image.size())), table_(table) {}
  ~SymbolReader() { elf_.end(file_); }
  SymbolReader(const SymbolReader&) = delete;
  SymbolReader& operator=(const SymbolReader&) = delete;

  void read() {
    if (file_ == nullptr || elf_.kind(file_) != ELF_K_ELF) return;
    read_segments();
    if (!read_symbols(SHT_SYMTAB)) {
      read_symbols(SHT_DYNSYM);
      read_mini_debug_data();
    }
    find_debug_information();
    read_build_id();
  }

 private:
  void read_segments() {
    std::size_t count = 0;
    if (elf_.getphdrnum(file_, &count) != 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Phdr header;
      if (elf_.getphdr(file_, static_cast<int>(i), &header) == nullptr) return;
      if (header.p_type != PT_LOAD) continue;
      table_.segments_.push_back({header.p_offset, header.p_filesz, header.p_vaddr});
    }
  }

  // Returns false if the file has no table of this type, or an empty one.
  bool read_symbols(GElf_Word section_type) {
    for (Elf_Scn* section = nullptr; (section = elf_.nextscn(file_, section)) != nullptr;) {
      GElf_Shdr header;
      if (elf_.getshdr(section, &header) == nullptr || header.sh_type != section_type) continue;
      if (!read_names(header.sh_link)) return false;
      add_symbols(elf_.getdata(section, nullptr), header);
      return !table_.symbols_.empty();
    }
    return false;
  }

  // Null: the file has no section of this name.
  Elf_Scn* find_section(std::string_view wanted) {
    std::size_t names = 0;
    if (elf_.getshdrstrndx(file_, &names) != 0) return nullptr;
    for (Elf_Scn* section = nullptr; (section = elf_.nextscn(file_, section)) != nullptr;) {
      GElf_Shdr header;
      if (elf_.getshdr(section, &header) == nullptr) continue;
      const char* const name = elf_.strptr(file_, names, header.sh_name);
      if (name != nullptr && wanted == name) return section;
    }
    return nullptr;
  }

  std::string_view bytes_of(Elf_Scn* section) {
    const Elf_Data* const data = section == nullptr ? nullptr : elf_.getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) return {};
    return {static_cast<const char*>(data->d_buf), data->d_size};
  }

  void read_mini_debug_data() {
    const std::string_view packed = bytes_of(find_section(".gnu_debugdata"));
    if (packed.empty()) return;
    if (lzma_functions() == nullptr) table_.gaps_.note(SymbolGap::NoMiniDebugData);
    String image = unpack_mini_debug_data(packed);
    table_.has_more_names_ = image.empty() || !add_symbols_of(image);
  }

  void find_debug_information() {
    table_.has_debug_information_ =
        find_section(".debug_info") != nullptr || find_section(".zdebug_info") != nullptr;
    const std::string_view link = bytes_of(find_section(".gnu_debuglink"));
    table_.debug_link_ = link.substr(0, link.find('\0'));
  }

  // The addresses of the unpacked file are those of this one.
  bool add_symbols_of(String& image) {
    SymbolReader reader(elf_, image, table_);
    return reader.file_ != nullptr && elf_.kind(reader.file_) == ELF_K_ELF &&
           reader.read_symbols(SHT_SYMTAB);
  }

  void read_build_id() {
    for (Elf_Scn* section = nullptr; (section = elf_.nextscn(file_, section)) != nullptr;) {
      GElf_Shdr header;
      if (elf_.getshdr(section, &header) == nullptr || header.sh_type != SHT_NOTE) continue;
      const Elf_Data* const data = elf_.getdata(section, nullptr);
      if (data == nullptr || data->d_buf == nullptr) continue;
      if (find_build_id({static_cast<const char*>(data->d_buf), data->d_size})) return;
    }
  }

  bool find_build_id(std::string_view notes) {
    static constexpr char kOwner[] = "GNU";
    constexpr std::string_view kName(kOwner, sizeof kOwner);  // with the zero that ends it
    const auto padded = [](std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; };
    GElf_Nhdr note;
    while (notes.size() >= sizeof note) {
      std::memcpy(&note, notes.data(), sizeof note);
      notes.remove_prefix(sizeof note);
      const std::size_t name = padded(note.n_namesz);
      const std::size_t size = name + padded(note.n_descsz);
      if (size > notes.size()) return false;
      if (note.n_type == NT_GNU_BUILD_ID && notes.substr(0, note.n_namesz) == kName) {
        table_.build_id_ = notes.substr(name, note.n_descsz);
        return true;
      }
      notes.remove_prefix(size);
    }
    return false;
  }

  bool read_names(std::size_t section_number) {
    Elf_Scn* const section = elf_.getscn(file_, section_number);
    const Elf_Data* const data = section == nullptr ? nullptr : elf_.getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr || data->d_size > UINT32_MAX) return false;
    first_name_ = static_cast<std::uint32_t>(table_.names_.size());
    table_.names_.append(static_cast<const char*>(data->d_buf), data->d_size).push_back('\0');
    return true;
  }

  void add_symbols(Elf_Data* data, const GElf_Shdr& header) {
    if (data == nullptr || header.sh_entsize == 0) return;
    const std::size_t count = header.sh_size / header.sh_entsize;
    table_.symbols_.reserve(table_.symbols_.size() +
                            std::min(count, data->d_size / sizeof(Elf64_Sym)));
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (elf_.getsym(data, static_cast<int>(i), &symbol) == nullptr) return;
      if (!has_extent(symbol) ||
          first_name_ + std::uint64_t{symbol.st_name} >= table_.names_.size())
        continue;
      const unsigned type = GELF_ST_TYPE(symbol.st_info);
      table_.symbols_.push_back({.start = symbol.st_value,
                                 .end = symbol.st_value + symbol.st_size,
                                 .reach = 0,
                                 .name = first_name_ + symbol.st_name,
                                 .is_function = type == STT_FUNC || type == STT_GNU_IFUNC,
                                 .is_global = GELF_ST_BIND(symbol.st_info) != STB_LOCAL});
    }
  }

  const ElfFunctions& elf_;
  Elf* file_;
  SymbolTable& table_;
  std::uint32_t first_name_ = 0;  // of the string table that is read, in names_
};

SymbolTable::SymbolTable(std::string_view path) {
  const ElfFunctions* const elf = elf_functions();
  if (elf == nullptr) {
    gaps_.note(SymbolGap::NoNames);
    return;
  }
  const int fd = open_mapped_file(String(path));
  if (fd < 0) return;
  SymbolReader(*elf, fd, *this).read();
  close(fd);
}

}  // namespace pymemflow::report
