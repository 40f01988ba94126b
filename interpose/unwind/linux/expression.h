#pragma once
// Evaluates a DWARF expression without the registers' values: to a constant, or to a register or
// the CFA plus a constant, or to the word there plus a constant. That covers what compilers and
// assembly write: PLT entries, realigned stacks, signal frames.

#include <cstdint>
#include <optional>

#include "interpose/unwind/linux/byte_reader.h"

namespace pymemflow::interpose {

inline constexpr std::uint64_t kNoBase = ~std::uint64_t{0};
inline constexpr std::uint64_t kCfaBase = kNoBase - 1;

// The number of a register, kCfaBase, or kNoBase, plus `offset`; with `is_loaded`, the word there
// plus `added`.
struct Value {
  std::uint64_t base = kNoBase;
  std::int64_t offset = 0;
  bool is_loaded = false;
  std::int64_t added = 0;
};

// `pc` is the value of the register kPcRegister. `with_cfa`: the stack of the expression begins
// with the CFA. None: the expression is of another form.
std::optional<Value> evaluate(Bytes expression, std::uintptr_t pc, bool with_cfa);

}  // namespace pymemflow::interpose
