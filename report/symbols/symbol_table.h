#pragma once
// The symbols of one code file, sorted once many are requested. A file that cannot be read, or that
// is not of this system, has none. symbols.cpp in report/symbols/linux and report/symbols/macos
// reads the file. Nothing stays mapped, so a file that is truncated meanwhile cannot raise SIGBUS
// in the host. Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

class SymbolTable {
 public:
  // Reads the table that has static functions too, where the file has one (ELF: .symtab, else
  // .dynsym).
  explicit SymbolTable(std::string_view path);

  // The symbol whose [value, value + size) covers the byte at this offset of the file: of several,
  // the one that begins last; of several at one address, a function before an object, global before
  // local, then fewer leading underscores, smaller size, and the alphabet. Empty when there is
  // none.
  std::string_view find(std::uint64_t file_offset);

  // There are more names than those of the file, to be asked for in the process: compressed ones in
  // .gnu_debugdata, or, on macOS, all of them, of a library that is in no file.
  bool has_more_names() const { return has_more_names_; }
  // The names are in the process alone, and so is the build id.
  bool is_in_no_file() const { return is_in_no_file_; }

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
  bool has_more_names_ = false;
  bool is_in_no_file_ = false;
  String build_id_;
  Vector<char> names_;  // the file's string table, and a zero byte
};

}  // namespace pymemflow::report
