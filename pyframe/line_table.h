#pragma once
// From an instruction to its line, for the three ways in which CPython has written that down. Pure
// functions of bytes that were copied out of the code object; hostile input gives a wrong line,
// never a read outside the span.

#include <cstddef>
#include <cstdint>
#include <span>

#include "pyframe/layouts/layout.h"

namespace pymemflow::pyframe {

// The line of the instruction at byte offset `instruction` (negative: the first line). Where the
// table says that the instruction has no line, or ends before it, the line of the code's beginning.
// Such instructions are the interpreter's own: the prologue of a closure or generator (3.11 on),
// what `finally` and `with` are made of (3.10 on). sys._getframe().f_lineno is None there.
// Time is linear in the table.
std::int32_t line_of(LineTableFormat format, std::span<const std::uint8_t> table,
                     std::int32_t first_line, std::int32_t instruction);

}  // namespace pymemflow::pyframe
