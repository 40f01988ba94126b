#pragma once
// The symbols of one code file, sorted once many are requested. The table of a file that cannot be
// read, or that belongs to another system, is empty. symbols.cpp in report/symbols/linux and
// report/symbols/macos reads the file. Nothing stays mapped, so truncating the file cannot raise
// SIGBUS in the host. Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"
#include "report/symbols/gaps.h"

namespace pymemflow::report {

class SymbolTable {
 public:
  // Reads the most complete table of the file. In ELF that is .symtab, which includes static
  // functions, or else .dynsym together with the compressed symbols of .gnu_debugdata.
  explicit SymbolTable(std::string_view path);

  // Returns the symbol whose [value, value + size) covers the byte at this offset of the file, or
  // an empty text. Among several symbols, the one that begins last is preferred; at the same
  // address, a function before an object, global before local, then the one with fewer leading
  // underscores, the smaller one, and the first in the alphabet.
  std::string_view find(std::uint64_t file_offset);

  // Whether the process can name more functions than this table: names in .gnu_debugdata that could
  // not be unpacked or, on macOS, those of a library that is not in a file.
  bool has_more_names() const { return has_more_names_; }
  // Whether the library is not in a file, so that only the process has its names and build id.
  bool is_in_no_file() const { return is_in_no_file_; }

  // The libraries that this file needs, and that could not be opened.
  SymbolGaps gaps() const { return gaps_; }

  // Whether the file has debug information itself, and the name of another file that has it.
  bool has_debug_information() const { return has_debug_information_; }
  std::string_view debug_link() const { return debug_link_; }
  // The address that the file gives to the byte at this offset. False: none is mapped there.
  bool find_address(std::uint64_t file_offset, std::uint64_t& address) const;

  // The build id of the file, as bytes; empty if it has none.
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
    std::uint64_t reach;  // the largest end up to this symbol; a search backwards stops by it
    std::uint32_t name;   // into names_
    bool is_function;
    bool is_global;
  };

  std::string_view name_of(const Symbol& symbol) const;
  bool is_preferred(const Symbol& left, const Symbol& right) const;
  // Orders symbols by start. At the same start, the preferred one is last.
  bool comes_before(const Symbol& left, const Symbol& right) const;
  const Symbol* find_unsorted(std::uint64_t address) const;
  const Symbol* find_sorted(std::uint64_t address) const;
  void sort();

  Vector<Segment> segments_;
  Vector<Symbol> symbols_;
  int searches_ = 0;  // while they are not sorted
  bool has_more_names_ = false;
  bool is_in_no_file_ = false;
  bool has_debug_information_ = false;
  String debug_link_;
  SymbolGaps gaps_;
  String build_id_;
  String names_;  // the file's string table, and a zero byte
};

}  // namespace pymemflow::report
