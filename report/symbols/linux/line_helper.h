#pragma once
// The helper of report/symbols/code_lines.h: the child of a fork, which answers requests on a
// socket until that is closed. A request and an answer begin with their number of bytes
// (byte_text.h). Linux.

#include <sys/types.h>

#include "report/base/memory.h"
#include "report/symbols/linux/dwarf_library.h"

namespace pymemflow::report {

// The most bytes of an answer: 64 inlined functions, each with two names of the greatest length.
inline constexpr std::size_t kMostAnswerBytes = std::size_t{1} << 20;

// A path and an address, for the frames there.
String line_request(std::string_view path, std::uint64_t address);

[[noreturn]] void run_line_helper(const DwarfFunctions& dwarf, int socket, pid_t parent,
                                  bool may_ask_servers);

}  // namespace pymemflow::report
