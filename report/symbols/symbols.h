#pragma once
// Names for addresses, as DTrace's usym() prints them: the function and the file that hold an
// address. Report side, one thread.
//
//   MODULE`SYMBOL    the symbol covers the address; MODULE is the base name of the file
//   MODULE`0xADDR    no symbol covers it: the run-time address, never the nearest symbol before it;
//                    or the file has been replaced since, as its build id shows; or the source of
//                    names did not answer
//   0xADDR           no file is mapped there
//
// Addresses are return addresses. As in DTrace, the address itself is looked up. If nothing covers
// it, the byte before is, which belongs to the call: the call may be a function's last instruction.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "report/base/memory.h"
#include "report/names/site.h"
#include "report/symbols/code_lines.h"
#include "report/symbols/symbol_table.h"
#include "report/symbols/unwind_names.h"

namespace pymemflow::report {

// More about the code at an address than Symbols::name() says.
struct CodeDetails {
  String function;  // demangled; empty: the name of the symbol is its function's, or there is none
  // The frames of the source: the innermost inlined function first, the function itself last.
  // Empty: no line is known, or no line was wanted.
  Vector<CodeLine> lines;
};

class Symbols {
 public:
  // kInProcess: the addresses are those of this process. libunwind names functions that the tables
  // lack, such as those of code that is not in a file. kOffline: the modules are those
  // of another process or an earlier one. Code that is not in a file then has names only if it is
  // mapped in this process too.
  enum class Where { kInProcess, kOffline };

  // Finds names elsewhere. This process then reads no file of code.
  class Source {
   public:
    virtual ~Source() = default;
    // Calls symbols.set_name() for as many addresses as are known by now. An address that remains
    // without a name has none.
    virtual void find_names(Symbols& symbols) = 0;
  };

  // The list of modules must outlive this object, and may grow. If two modules had the same
  // addresses one after the other, the later one in the list counts. A file is read at the first
  // lookup of an address in it.
  Symbols(const Vector<Module>& modules, Where where) : modules_(modules), where_(where) {}
  Symbols(const Vector<Module>&& modules, Where where) = delete;
  // Null as the source: kInProcess.
  Symbols(const Vector<Module>& modules, Source* source)
      : modules_(modules), where_(Where::kInProcess), source_(source) {}

  // Once, before the first details(): they have lines then.
  void want_lines(const LinesWanted& wanted) {
    lines_wanted_ = wanted;
    code_lines_.emplace(wanted.may_ask_servers);
  }

  // Returns the name of an address, which is valid as long as this object. Names are kept, so
  // asking again is a table lookup. `module` is the number of the module that held the address at
  // the time, counted from 1; 0 stands for the module that covers it in the list.
  std::string_view name(std::uint64_t address, std::uint32_t module = 0);
  // The module that held the address. Null: it is in no file.
  const Module* module_of(std::uint64_t address, std::uint32_t module) const;
  // More about the same address; valid as long as this object.
  const CodeDetails& details(std::uint64_t address, std::uint32_t module = 0);
  // Keeps a name that name() will return for these arguments, unless it has returned another; the
  // same of its details.
  void set_name(std::uint64_t address, std::uint32_t module, std::string_view name,
                CodeDetails details);

  // The name of a function as its source has it. Empty: it is not mangled, or too many were long.
  String function_of(std::string_view symbol);

  // So far.
  SymbolGaps gaps() const;

 private:
  SymbolTable& table_of(const Module& module);
  std::string_view find_symbol(const Module* module, std::uint64_t address);
  String make_name(std::uint64_t address, const Module* module);
  // Null: the file is not the one that was mapped then.
  SymbolTable* sound_table_of(const Module& module);
  CodeDetails make_details(std::string_view name, std::uint64_t address, const Module* module);
  Vector<CodeLine> make_lines(std::uint64_t address, const Module& module);

  const Vector<Module>& modules_;
  Where where_;
  Source* source_ = nullptr;
  Map<std::string_view, SymbolTable> tables_;  // by path
  UnwindNames unwind_names_;
  Map<std::pair<std::uint64_t, std::uint32_t>, String> names_;
  Map<std::pair<std::uint64_t, std::uint32_t>, CodeDetails> details_;
  std::size_t demangled_bytes_ = 0;
  SymbolGaps gaps_;
  LinesWanted lines_wanted_;
  std::optional<CodeLines> code_lines_;
};

// The symbol in such a name, or in one that has another number after the tick: "strdup" in
// "libc.so.6`strdup". Empty: there is none.
std::string_view symbol_in(std::string_view name);

}  // namespace pymemflow::report
