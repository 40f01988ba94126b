#pragma once
// Why what is alive at the end need be no leak: THE table of the reasons, and what they are told
// by. One reason, an import, is told by the order of events as well (report/imports.h). Report
// side, any thread.
//
// To add a reason: a value, a row of kAsideRows, what it is told by, a line in docs/gate.md.

#include <array>
#include <cstdint>
#include <optional>

#include "report/site.h"
#include "report/usage.h"

namespace pymemflow::report {

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

// Told by the code that was running.
std::optional<Aside> aside_of(const Site& site);

// Told by the file that called, where no code was running.
enum class EngineUse : std::uint8_t {
  None,   // not the engine
  Start,  // handed to a caller of its own, as strdup() does: the engine's until Python code runs
  Always,
};
EngineUse engine_use(const Place& place);

}  // namespace pymemflow::report
