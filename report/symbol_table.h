#pragma once
// The symbols of one ELF file, sorted when many are asked for. A file that cannot be read, or is
// not ELF, has none. Report side; reading it takes as long as reading its symbol table, and nothing
// is kept mapped, so that a file cut short meanwhile cannot raise SIGBUS in the host.

#include <cstdint>
#include <string_view>

#include "report/memory.h"

namespace pymemflow::report {

class SymbolTable {
 public:
  // Reads .symtab where the file has one, because static functions stand only there; else .dynsym.
  explicit SymbolTable(std::string_view path);

  // The symbol whose [value, value + size) covers the byte at this offset of the file: of several,
  // the one that begins last; of several at one address, a function before an object, global before
  // local, then fewer leading underscores, smaller size, and the alphabet. Empty when there is
  // none.
  std::string_view find(std::uint64_t file_offset);

  // The file carries more names, compressed, in .gnu_debugdata.
  bool has_mini_debug_data() const { return has_mini_debug_data_; }

  // Of the file, as bytes; empty: it has none.
  std::string_view build_id() const { return build_id_; }

 private:
  friend class SymbolReader;

  struct Segment {
    std::uint64_t offset;
    std::uint64_t size;
    std::uint64_t address;
  };
  struct Symbol {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t reach;  // the largest end of this one and all before it: where a search may stop
    std::uint32_t name;   // into names_
    bool is_function;
    bool is_global;
  };

  std::string_view name_of(const Symbol& symbol) const;
  bool is_preferred(const Symbol& left, const Symbol& right) const;
  // By start, and at one start the preferred one last.
  bool comes_before(const Symbol& left, const Symbol& right) const;
  const Symbol* find_unsorted(std::uint64_t address) const;
  const Symbol* find_sorted(std::uint64_t address) const;
  void sort();

  Vector<Segment> segments_;
  Vector<Symbol> symbols_;
  int searches_ = 0;  // while they are not sorted
  bool has_mini_debug_data_ = false;
  String build_id_;
  Vector<char> names_;  // the file's string table, and a zero byte
};

}  // namespace pymemflow::report
