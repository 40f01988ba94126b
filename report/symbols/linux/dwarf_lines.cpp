#include "report/symbols/linux/dwarf_lines.h"

#include <dwarf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

constexpr std::size_t kMostRanges = std::size_t{4} << 20;
constexpr std::size_t kMostFunctions = std::size_t{1} << 20;  // of a unit
constexpr int kMostScopes = 32;   // namespaces and classes in each other
constexpr int kMostBlocks = 256;  // in a function, in each other
constexpr std::size_t kMostInlined = 64;

bool holds_functions(int tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
         tag == DW_TAG_union_type || tag == DW_TAG_module;
}

bool is_block(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
         tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

int find_no_program(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) {
  return -1;
}

// Calls visit(start, end) for each range of code.
template <typename Visit>
void for_each_range(const DwarfFunctions& dwarf, Dwarf_Die& die, Visit visit) {
  Dwarf_Addr base = 0;
  Dwarf_Addr start = 0;
  Dwarf_Addr end = 0;
  std::ptrdiff_t at = 0;
  while ((at = dwarf.ranges(&die, at, &base, &start, &end)) > 0) {
    if (start < end) visit(start, end);
  }
}

// Calls visit(child) for each child, until it returns false.
template <typename Visit>
void for_each_child(const DwarfFunctions& dwarf, Dwarf_Die& parent, Visit visit) {
  Dwarf_Die child;
  if (dwarf.child(&parent, &child) != 0) return;
  do {
    if (!visit(child)) return;
  } while (dwarf.siblingof(&child, &child) == 0);
}

}  // namespace

DwarfLines::DwarfLines(const DwarfFunctions& dwarf, const String& path) : dwarf_(dwarf) {
  Dwfl_Callbacks callbacks = {};
  callbacks.find_elf = find_no_program;
  callbacks.find_debuginfo = dwarf.find_debuginfo;
  static const Dwfl_Callbacks kept = callbacks;  // libdw keeps a pointer
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  session_ = file < 0 ? nullptr : dwarf.begin(&kept);
  if (session_ == nullptr) return;
  dwarf.report_begin(session_);
  module_ = dwarf.report_elf(session_, path.c_str(), path.c_str(), file, 0, true);
  if (module_ == nullptr) ::close(file);
  dwarf.report_end(session_, nullptr, nullptr);
  if (module_ != nullptr) data_ = dwarf.module_getdwarf(module_, &bias_);
}

DwarfLines::~DwarfLines() {
  if (session_ != nullptr) dwarf_.end(session_);
}

Vector<CodeLine> DwarfLines::find(std::uint64_t address) {
  Vector<CodeLine> lines;
  if (data_ == nullptr) return lines;
  address -= bias_;
  Unit* const unit = unit_at(address);
  if (unit == nullptr) return lines;
  CodeLine line = line_at(*unit, address);
  if (line.line == 0) return lines;
  const Function* const function = function_at(*unit, address);
  if (function != nullptr) {
    Vector<Dwarf_Die> inlined = inlined_in(function->die, address);
    for (; !inlined.empty(); inlined.pop_back()) {
      CodeLine caller = caller_of(*unit, inlined.back());
      line.function = name_of(inlined.back());
      lines.push_back(std::move(line));
      line = std::move(caller);
    }
    Dwarf_Die die = function->die;
    line.function = name_of(die);
  }
  lines.push_back(std::move(line));
  return lines;
}

void DwarfLines::read_units() {
  is_read_ = true;
  Dwarf_CU* unit = nullptr;
  Dwarf_Half version = 0;
  std::uint8_t type = 0;
  Dwarf_Die die;
  while (dwarf_.get_units(data_, unit, &unit, &version, &type, &die, nullptr) == 0) {
    if (dwarf_.tag(&die) == DW_TAG_partial_unit) continue;
    for_each_range(dwarf_, die, [&](std::uint64_t start, std::uint64_t end) {
      if (ranges_.size() < kMostRanges) ranges_.push_back({start, end, units_.size()});
    });
    units_.push_back({.lines = die, .functions = {}, .all = {}});
    if (ranges_.size() >= kMostRanges) break;
  }
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.start < b.start; });
}

DwarfLines::Unit* DwarfLines::unit_at(std::uint64_t address) {
  if (!is_read_) read_units();
  // Units do not overlap, but for the empty code that a linker removed, which lies at 0.
  auto found =
      std::upper_bound(ranges_.begin(), ranges_.end(), address,
                       [](std::uint64_t at, const Range& range) { return at < range.start; });
  if (found == ranges_.begin()) return nullptr;
  --found;
  if (address >= found->end) return nullptr;
  Unit& unit = units_[found->unit];
  if (unit.functions.addr == nullptr) {
    Dwarf_Die split = {};
    const bool is_split = dwarf_.cu_info(unit.lines.cu, nullptr, nullptr, nullptr, &split, nullptr,
                                         nullptr, nullptr) == 0 &&
                          split.addr != nullptr;
    unit.functions = is_split ? split : unit.lines;
    read_functions(unit);
  }
  return &unit;
}

void DwarfLines::read_functions(Unit& unit) {
  Vector<std::pair<Dwarf_Die, int>> scopes = {{unit.functions, 0}};
  while (!scopes.empty()) {
    auto [scope, depth] = scopes.back();
    scopes.pop_back();
    for_each_child(dwarf_, scope, [&, depth = depth](Dwarf_Die& die) {
      const int tag = dwarf_.tag(&die);
      if (tag == DW_TAG_subprogram) {
        for_each_range(dwarf_, die, [&](std::uint64_t start, std::uint64_t end) {
          if (unit.all.size() < kMostFunctions) unit.all.push_back({start, end, die});
        });
      } else if (holds_functions(tag) && depth < kMostScopes) {
        scopes.emplace_back(die, depth + 1);
      }
      return unit.all.size() < kMostFunctions && scopes.size() < kMostFunctions;
    });
  }
  std::sort(unit.all.begin(), unit.all.end(),
            [](const Function& a, const Function& b) { return a.start < b.start; });
}

const DwarfLines::Function* DwarfLines::function_at(Unit& unit, std::uint64_t address) {
  auto found = std::upper_bound(
      unit.all.begin(), unit.all.end(), address,
      [](std::uint64_t at, const Function& function) { return at < function.start; });
  if (found == unit.all.begin()) return nullptr;
  --found;
  return address < found->end ? &*found : nullptr;
}

Vector<Dwarf_Die> DwarfLines::inlined_in(Dwarf_Die function, std::uint64_t address) {
  Vector<Dwarf_Die> inlined;
  Dwarf_Die block = function;
  for (int depth = 0; depth < kMostBlocks && inlined.size() < kMostInlined; ++depth) {
    bool is_found = false;
    for_each_child(dwarf_, block, [&](Dwarf_Die& die) {
      is_found = is_block(dwarf_.tag(&die)) && dwarf_.haspc(&die, address) > 0;
      if (is_found) block = die;
      return !is_found;
    });
    if (!is_found) break;
    if (dwarf_.tag(&block) == DW_TAG_inlined_subroutine) inlined.push_back(block);
  }
  return inlined;
}

String DwarfLines::name_of(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_.attr_integrate(&die, name, &attribute) == nullptr) continue;
    const char* const text = dwarf_.formstring(&attribute);
    if (text != nullptr && *text != '\0') return String(cut_name(text));
  }
  const char* const text = dwarf_.diename(&die);
  return text == nullptr ? String() : String(cut_name(text));
}

// The line of the function that the compiler put another one into.
CodeLine DwarfLines::caller_of(Unit& unit, Dwarf_Die& inlined) {
  CodeLine line;
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (dwarf_.attr(&inlined, DW_AT_call_line, &attribute) == nullptr ||
      dwarf_.formudata(&attribute, &number) != 0 || number > INT32_MAX) {
    return line;
  }
  line.line = static_cast<std::int32_t>(number);
  if (dwarf_.attr(&inlined, DW_AT_call_file, &attribute) == nullptr ||
      dwarf_.formudata(&attribute, &number) != 0) {
    return line;
  }
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_.getsrcfiles(&unit.functions, &files, &count) != 0 || number >= count) return line;
  const char* const path = dwarf_.filesrc(files, number, nullptr, nullptr);
  if (path != nullptr) line.file = cut_name(path);
  return line;
}

CodeLine DwarfLines::line_at(Unit& unit, std::uint64_t address) {
  CodeLine line;
  Dwarf_Line* const row = dwarf_.getsrc_die(&unit.lines, address);
  int number = 0;
  if (row == nullptr || dwarf_.lineno(row, &number) != 0 || number <= 0) return line;
  const char* const path = dwarf_.linesrc(row, nullptr, nullptr);
  if (path == nullptr) return line;
  line.file = cut_name(path);
  line.line = number;
  return line;
}

}  // namespace pymemflow::report
