#include "report/unwind_names.h"

#include "report/private_library.h"

namespace pymemflow::report {
namespace {

// Mangled C++ names reach some thousands of bytes; a cut one is refused.
constexpr std::size_t kMaxNameBytes = 4096;

}  // namespace

String unwind_name(std::uint64_t address) {
  const UnwindFunctions* const unwind = unwind_functions();
  if (unwind == nullptr) return {};

  // Nothing is unwound: the context only has to hold an instruction pointer, and the flag says that
  // it is meant to the byte.
  unw_context_t context = {};
  unw_cursor_t cursor;
  if (unwind->init_local2(&cursor, &context, UNW_INIT_SIGNAL_FRAME) != 0) return {};
  if (unwind->set_reg(&cursor, UNW_REG_IP, address) != 0) return {};

  unw_proc_info_t function = {};
  if (unwind->get_proc_info(&cursor, &function) != 0) return {};
  if (address < function.start_ip || address >= function.end_ip) return {};

  char name[kMaxNameBytes];
  unw_word_t offset = 0;
  if (unwind->get_proc_name(&cursor, name, sizeof(name), &offset) != 0) return {};
  if (address - offset != function.start_ip) return {};
  return String(name);
}

}  // namespace pymemflow::report
