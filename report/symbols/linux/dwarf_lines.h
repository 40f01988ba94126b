#pragma once
// The frames of an instruction by the debug information of its file, read with libdw. In the helper
// of report/symbols/code_lines.h alone: a damaged file may crash it. One thread.

#include <cstdint>

#include "report/base/memory.h"
#include "report/symbols/code_lines.h"
#include "report/symbols/linux/dwarf_library.h"

namespace pymemflow::report {

// One file of code.
class DwarfLines {
 public:
  DwarfLines(const DwarfFunctions& dwarf, const String& path);
  ~DwarfLines();
  DwarfLines(const DwarfLines&) = delete;
  DwarfLines& operator=(const DwarfLines&) = delete;

  // As CodeLines::find().
  Vector<CodeLine> find(std::uint64_t address);

 private:
  // The functions of a unit whose code lies in the file.
  struct Function {
    std::uint64_t start;
    std::uint64_t end;
    Dwarf_Die die;
  };
  struct Unit {
    Dwarf_Die lines;      // has the line table
    Dwarf_Die functions;  // with split DWARF, that of the other file
    Vector<Function> all;
  };
  struct Range {
    std::uint64_t start;
    std::uint64_t end;
    std::size_t unit;
  };

  void read_units();
  Unit* unit_at(std::uint64_t address);
  void add_ranges(Dwarf_Die& die, Vector<Range>& ranges, std::size_t unit);
  void read_functions(Unit& unit);
  const Function* function_at(Unit& unit, std::uint64_t address);
  // The inlined functions at the address, the outermost first.
  Vector<Dwarf_Die> inlined_in(Dwarf_Die function, std::uint64_t address);
  String name_of(Dwarf_Die& die);
  CodeLine caller_of(Unit& unit, Dwarf_Die& inlined);
  CodeLine line_at(Unit& unit, std::uint64_t address);

  const DwarfFunctions& dwarf_;
  Dwfl* session_ = nullptr;
  Dwfl_Module* module_ = nullptr;
  Dwarf* data_ = nullptr;
  Dwarf_Addr bias_ = 0;
  bool is_read_ = false;
  Vector<Unit> units_;
  Vector<Range> ranges_;  // of units, by start
};

}  // namespace pymemflow::report
