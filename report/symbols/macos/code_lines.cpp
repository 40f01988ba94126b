// The lines of C functions are not read on macOS.

#include "report/symbols/code_lines.h"

namespace pymemflow::report {

CodeLines::~CodeLines() = default;

Vector<CodeLine> CodeLines::find(const DebuggedFile&, std::uint64_t) {
  return {};
}

}  // namespace pymemflow::report
