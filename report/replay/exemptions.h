#pragma once
// Why what is alive need be no leak (docs/gate.md): THE table of the reasons, and what they are
// told by. One reason, an import, is told by the order of events as well (report/replay/imports.h).
// Report side, one thread.
//
// To add a reason: a value, a row of kAsideRows, what it is told by, a line in docs/gate.md.

#include <array>
#include <cstdint>
#include <string_view>

#include "report/reader/capture_reader.h"
#include "report/reader/per_site.h"
#include "report/replay/imports.h"
#include "report/replay/ledger.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

enum class Aside : std::uint8_t {
  Import,       // handed out while a module was being imported (report/replay/imports.h)
  Class,        // to the code of the standard library that makes classes
  Environment,  // to os.environ, whose values the C library keeps
  Engine,  // to the interpreter, the C library or the loader themselves, no Python code running
  None,    // nothing says that it is no leak
};
inline constexpr std::size_t kAsides = 4;

struct AsideRow {
  const char* name;      // for machines
  const char* sentence;  // "1000 bytes in 3 blocks <sentence>"
};
// By Aside.
inline constexpr std::array<AsideRow, kAsides> kAsideRows = {{
    {"import", "while modules were imported"},
    {"class", "while classes were made"},
    {"environment", "in the environment"},
    {"engine", "of the interpreter's own"},
}};

class Asides {
 public:
  Asides(const CaptureReader& reader, Imports& imports, Symbols& symbols)
      : reader_(reader), imports_(imports), symbols_(symbols) {}

  // Of an event that the reader handed out and `imports` was told of.
  Aside of(const Ledger::Block& block);

 private:
  struct Rule {
    bool is_known = false;
    Aside always = Aside::None;
    Aside at_start = Aside::None;  // before the first Python code ran
  };

  Rule rule_for(const Site& site) const;

  const CaptureReader& reader_;
  Imports& imports_;
  Symbols& symbols_;
  SiteTable<Rule> rules_;
};

// By the Python code that was running.
Aside aside_of_code(const Site& site);

// By the path of the file that called while none was, and its function ("libc.so.6`strdup"): the
// engine takes it for itself, or hands it to a caller that may be anybody.
bool is_engine(std::string_view path);
bool is_handed_out(std::string_view caller);

}  // namespace pymemflow::report
