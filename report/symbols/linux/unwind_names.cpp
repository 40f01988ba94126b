#include "report/symbols/unwind_names.h"

#include "report/base/private_library.h"

namespace pymemflow::report {
namespace {

// Mangled C++ names can have some thousands of bytes. A name that was truncated is not used.
constexpr std::size_t kMaxNameBytes = 4096;

// Sets the cursor to an address, without unwinding: the context needs the instruction pointer only.
// The flag makes libunwind look up exactly this address instead of the byte before it.
bool point_at(const UnwindFunctions& unwind, std::uint64_t address, unw_context_t& context,
              unw_cursor_t& cursor) {
  return unwind.init_local2(&cursor, &context, UNW_INIT_SIGNAL_FRAME) == 0 &&
         unwind.set_reg(&cursor, UNW_REG_IP, address) == 0;
}

String name_at_start(const UnwindFunctions& unwind, unw_cursor_t& cursor, std::uint64_t distance) {
  char name[kMaxNameBytes];
  unw_word_t offset = 0;
  if (unwind.get_proc_name(&cursor, name, sizeof(name), &offset) != 0) return {};
  return offset == distance ? String(name) : String();
}

}  // namespace

std::string_view UnwindNames::name(std::uint64_t address) {
  const UnwindFunctions* const unwind = unwind_functions();
  if (unwind == nullptr) return {};
  unw_context_t context = {};
  unw_cursor_t cursor;
  if (!point_at(*unwind, address, context, cursor)) return {};

  unw_proc_info_t function = {};
  if (unwind->get_proc_info(&cursor, &function) != 0) return {};
  if (address < function.start_ip || address >= function.end_ip) return {};

  const auto [known, is_new] = names_.try_emplace(function.start_ip);
  if (is_new) known->second = name_at_start(*unwind, cursor, address - function.start_ip);
  return known->second;
}

bool UnwindNames::is_shared(std::uint64_t, std::string_view) {
  return false;
}

}  // namespace pymemflow::report
