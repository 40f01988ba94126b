// The libraries that the loader has loaded: ELF, with the loader of glibc or of musl.

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "platform/linux/next_definition.h"
#include "platform/loader.h"

namespace pymemflow::platform {
namespace {

using Symbol = ElfW(Sym);

// The dynamic symbol table of a mapped library, searched by DT_GNU_HASH, or by DT_HASH where that
// is all there is, as in the vDSO of some kernels for aarch64.
class SymbolTable {
 public:
  explicit SymbolTable(const dl_phdr_info& library) : base_(library.dlpi_addr) {
    for (int i = 0; i < library.dlpi_phnum; ++i) {
      if (library.dlpi_phdr[i].p_type == PT_DYNAMIC) {
        read(reinterpret_cast<const ElfW(Dyn)*>(base_ + library.dlpi_phdr[i].p_vaddr));
      }
    }
  }

  // False: find() finds nothing.
  bool is_readable() const {
    return (hash_table_ != nullptr || old_hash_table_ != nullptr) && symbols_ != nullptr &&
           names_ != nullptr;
  }

  // Returns the address of `name`, or null if the library does not define it.
  void* find(const char* name) const {
    if (!is_readable()) return nullptr;
    return hash_table_ != nullptr ? find_by_gnu_hash(name) : find_by_hash(name);
  }

 private:
  void* find_by_gnu_hash(const char* name) const {
    const std::uint32_t bucket_count = hash_table_[0];
    const std::uint32_t first_hashed = hash_table_[1];
    const std::uint32_t filter_words = hash_table_[2];
    const auto* buckets = hash_table_ + 4 + filter_words * (sizeof(ElfW(Addr)) / 4);
    const auto* chain = buckets + bucket_count;
    if (bucket_count == 0) return nullptr;
    const std::uint32_t hash = hash_of(name);
    std::uint32_t index = buckets[hash % bucket_count];
    if (index < first_hashed) return nullptr;
    for (;; ++index) {
      const std::uint32_t entry = chain[index - first_hashed];
      if ((entry | 1) == (hash | 1) && defines(index, name)) return address_of(index);
      if ((entry & 1) != 0) return nullptr;  // the last one of its bucket
    }
  }

  void* find_by_hash(const char* name) const {
    const std::uint32_t bucket_count = old_hash_table_[0];
    const auto* buckets = old_hash_table_ + 2;
    const auto* chain = buckets + bucket_count;
    if (bucket_count == 0) return nullptr;
    std::uint32_t index = buckets[old_hash_of(name) % bucket_count];
    while (index != STN_UNDEF && !defines(index, name)) index = chain[index];
    return index != STN_UNDEF ? address_of(index) : nullptr;
  }

  bool defines(std::uint32_t index, const char* name) const {
    const Symbol& symbol = symbols_[index];
    return symbol.st_shndx != SHN_UNDEF && std::strcmp(names_ + symbol.st_name, name) == 0;
  }
  void* address_of(std::uint32_t index) const {
    return reinterpret_cast<void*>(base_ + symbols_[index].st_value);
  }

  static std::uint32_t hash_of(const char* name) {
    std::uint32_t hash = 5381;
    for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
    return hash;
  }
  static std::uint32_t old_hash_of(const char* name) {
    std::uint32_t hash = 0;
    for (; *name != '\0'; ++name) {
      hash = (hash << 4) + static_cast<unsigned char>(*name);
      hash = (hash ^ ((hash >> 24) & 0xf0)) & 0x0fffffff;
    }
    return hash;
  }

  template <typename T>
  const T* at(const ElfW(Dyn) & entry) const {
    // The loader has turned offsets into addresses, except in libraries that it must not write to.
    const ElfW(Addr) address = entry.d_un.d_ptr;
    return reinterpret_cast<const T*>(address < base_ ? base_ + address : address);
  }

  void read(const ElfW(Dyn) * entry) {
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_GNU_HASH) hash_table_ = at<std::uint32_t>(*entry);
      if (entry->d_tag == DT_HASH) old_hash_table_ = at<std::uint32_t>(*entry);
      if (entry->d_tag == DT_SYMTAB) symbols_ = at<Symbol>(*entry);
      if (entry->d_tag == DT_STRTAB) names_ = at<char>(*entry);
    }
  }

  ElfW(Addr) base_;
  const std::uint32_t* hash_table_ = nullptr;
  const std::uint32_t* old_hash_table_ = nullptr;
  const Symbol* symbols_ = nullptr;
  const char* names_ = nullptr;
};

struct Search {
  const char* name;
  void (*visit)(const char* path, void* address, void* context);
  void* context;
};

int search_library(dl_phdr_info* library, std::size_t, void* context) {
  const Search& search = *static_cast<Search*>(context);
  void* const address = SymbolTable(*library).find(search.name);
  if (address != nullptr) search.visit(library->dlpi_name, address, search.context);
  return 0;
}

bool contains(const dl_phdr_info& library, std::uintptr_t address) {
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = library.dlpi_phdr[i];
    const std::uintptr_t start = library.dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && address >= start && address < start + part.p_memsz) return true;
  }
  return false;
}

struct SearchBehind {
  const char* name;
  bool is_behind = false;
  bool may_be_there = false;
};

int search_behind(dl_phdr_info* library, std::size_t, void* context) {
  SearchBehind& search = *static_cast<SearchBehind*>(context);
  if (!search.is_behind) {
    search.is_behind = contains(*library, reinterpret_cast<std::uintptr_t>(&search_behind));
    return 0;
  }
  const SymbolTable table(*library);
  search.may_be_there = !table.is_readable() || table.find(search.name) != nullptr;
  return search.may_be_there ? 1 : 0;
}

// Whether a library behind this one defines `name`, or cannot be read.
bool may_be_behind_us(const char* name) {
  SearchBehind search{.name = name};
  ::dl_iterate_phdr(search_behind, &search);
  return search.may_be_there;
}

// The version has to be given, since without one the loader would find the hook: that of today's
// glibc, then the first ones on aarch64 and x86-64.
void* find_symbol_lookup() {
  for (const char* version : {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"}) {
    if (void* const found = ::dlvsym(RTLD_NEXT, "dlsym", version)) return found;
  }
  return nullptr;
}

}  // namespace

// A failed search leaves an error message in the loader. Removing it translates the message, which
// takes a lock of the locales, and the thread whose call led here may hold that lock in
// newlocale(). So the loader is only asked for names that a library behind this one may define.
void* find_next_definition(const char* name) {
  if (!may_be_behind_us(name)) return nullptr;
  if (std::strcmp(name, "dlsym") == 0) return find_symbol_lookup();
  void* const found = ::dlsym(RTLD_NEXT, name);
  if (found == nullptr) forget_loader_error();
  return found;
}

std::uint64_t count_added_libraries() {
  std::uint64_t count = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t, void* result) {
        *static_cast<std::uint64_t*>(result) = library->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

void visit_libraries(void (*visit)(const LoadedLibrary& library, void* context), void* context) {
  struct Visit {
    void (*visit)(const LoadedLibrary& library, void* context);
    void* context;
  } given = {visit, context};
  ::dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t, void* to) {
        LoadedLibrary loaded = {~std::uintptr_t{0}, 0, library->dlpi_name};
        for (int i = 0; i < library->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = library->dlpi_phdr[i];
          if (part.p_type != PT_LOAD) continue;
          const std::uintptr_t start = library->dlpi_addr + part.p_vaddr;
          loaded.start = std::min(loaded.start, start);
          loaded.end = std::max(loaded.end, start + part.p_memsz);
        }
        const auto& [call, argument] = *static_cast<const Visit*>(to);
        call(loaded, argument);
        return 0;
      },
      &given);
}

void visit_definitions(const char* name,
                       void (*visit)(const char* path, void* address, void* context),
                       void* context) {
  Search search{name, visit, context};
  ::dl_iterate_phdr(search_library, &search);
}

}  // namespace pymemflow::platform
