#pragma once
// Exemptions: the reasons for which live memory is not a leak (docs/gate.md). This file has THE
// table of the reasons, and decides which of them holds for a block. Imports are recognised by the
// call stack, and where it is not whole by the order of events (report/replay/imports.h); the other
// reasons by the allocation site, and one by a measurement. Report side, one thread.
//
// To add a reason: an enumerator, its row in kExemptionRows, its condition in exemptions.cpp, and a
// line in docs/gate.md.

#include <array>
#include <cstdint>
#include <string_view>

#include "report/names/name_table.h"
#include "report/reader/per_site.h"
#include "report/replay/imports.h"
#include "report/replay/ledger.h"
#include "report/stacks/origins.h"
#include "report/symbols/engine_files.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

enum class Exemption : std::uint8_t {
  Import,       // allocated while a module was imported (report/replay/imports.h)
  Class,        // allocated by the code of the standard library that makes classes
  Environment,  // allocated by os.environ, whose values the C library keeps
  Own,          // allocated by the Python module of pymemflow
  Engine,       // allocated by the interpreter, the C library or the loader for itself
  Measured,     // kept by the same interpreter in a run that does nothing (interpreter_memory.h)
  Object,       // a small object of Python, of which an interpreter leaves thousands at its end
  None,         // the block is not exempt
};
inline constexpr std::size_t kExemptions = 7;  // without None

struct ExemptionRow {
  const char* name;      // for machines
  const char* sentence;  // "1000 bytes in 3 blocks <sentence>"
};
// By Exemption.
inline constexpr std::array<ExemptionRow, kExemptions> kExemptionRows = {{
    {"import", "allocated during imports"},
    {"class", "allocated to create classes"},
    {"environment", "kept in the environment"},
    {"pymemflow", "of pymemflow itself"},
    {"engine", "of the interpreter itself"},
    {"measured", "that the interpreter keeps when it does nothing, too"},
    {"object", "of small Python objects, which growth over marks judges"},
}};

class Exemptions {
 public:
  Exemptions(const NameTable& names, const Origins& origins, Imports& imports, Symbols& symbols)
      : names_(names), origins_(origins), imports_(imports), symbols_(symbols) {}

  // `imports` has taken the event that allocated the block.
  Exemption of(const Ledger::Block& block);

 private:
  // By its allocation.
  Exemption by_place(const Ledger::Block& block);
  struct Rule {
    bool is_known = false;
    Exemption always = Exemption::None;
    Exemption at_start = Exemption::None;  // before the first Python code ran
  };

  Rule rule_for(const Site& site) const;
  // The reasons that the frames of a stack give.
  struct StackRule {
    bool is_known = false;
    bool is_whole = false;  // all of its frames were recorded
    bool is_import = false;
    bool is_own = false;
  };
  StackRule stack_rule_for(StackId stack) const;
  const StackRule* stack_rule_of(const Ledger::Block& block);

  const NameTable& names_;
  const Origins& origins_;
  Imports& imports_;
  Symbols& symbols_;
  PerSite<Rule> rules_;
  PerSite<StackRule> stack_rules_;  // by origin
};

// By the Python code that was running.
Exemption exemption_of_code(const Site& site);

// Whether the function hands memory out to its caller ("libc.so.6`strdup"), who may be anybody.
bool is_handed_out(std::string_view caller);

}  // namespace pymemflow::report
