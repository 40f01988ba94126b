#pragma once
// Runs the instructions of .eh_frame (DW_CFA_*) of one function up to an address.

#include <cstdint>
#include <optional>

#include "interpose/unwind/linux/expression.h"
#include "interpose/unwind/linux/frame_entry.h"
#include "interpose/unwind/linux/rule.h"

namespace pymemflow::interpose {

// The place of one register of the caller. AtCfa: at the CFA plus `offset`; AtRegister: at the
// register `base` plus `offset`.
struct SavedRegister {
  enum class Kind : std::uint8_t { Kept, Lost, AtCfa, AtRegister };
  Kind kind = Kind::Kept;
  std::int64_t offset = 0;
  std::uint64_t base = kNoBase;
};

struct FrameRow {
  Value cfa;  // base kNoBase: unknown
  SavedRegister fp;
  SavedRegister pc;
  bool is_signed = false;
};

// The row for `address`; none: an instruction is unknown or damaged.
std::optional<FrameRow> run_frame_program(const FrameEntry& entry, std::uintptr_t address);

// The rule of the code at `address`, which entry describes. None: its row cannot be followed with
// sp and fp alone.
std::optional<Rule> compile_rule(const FrameEntry& entry, std::uintptr_t address);

}  // namespace pymemflow::interpose
