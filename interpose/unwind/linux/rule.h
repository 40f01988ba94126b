#pragma once
// A rule says how to find the caller's registers from those of a frame, for one address of code.
// Nearly all rules fit into 15 bits (pack()); the others are 16 bytes long.

#include <cstdint>
#include <optional>

namespace pymemflow::interpose {

// The place of a register of the caller.
enum class Place : std::uint8_t {
  Kept,   // still in its register; pc: in the link register
  Lost,   // unknown; pc: there is no caller
  AtCfa,  // in memory, at an offset from the CFA
  AtSp,   // at an offset from the frame's sp
  AtFp,   // at an offset from the frame's fp
};

// The CFA (canonical frame address, DWARF) is the caller's sp. It is sp or fp plus `cfa_offset`, or
// the word there plus `cfa_added`.
struct Rule {
  static constexpr std::uint8_t kValid = 1;  // always set: no rule is all zeros
  static constexpr std::uint8_t kCfaFromFp = 2;
  static constexpr std::uint8_t kLoadsCfa = 4;
  static constexpr std::uint8_t kIsSignal = 8;   // the caller was interrupted
  static constexpr std::uint8_t kIsSigned = 16;  // the saved pc has an authentication code

  std::int32_t cfa_offset;
  std::int8_t cfa_added;
  std::uint8_t kind;
  Place fp;
  Place pc;
  std::int32_t fp_offset;
  std::int32_t pc_offset;  // never 0

  bool operator==(const Rule&) const = default;
};
static_assert(sizeof(Rule) == 16);

inline constexpr std::int32_t kWord = 8;
// For a rule without an offset of pc.
inline constexpr std::int32_t kNoPcOffset = 1;

// The short form: bit 13: the CFA is relative to fp; bits 12 to 5: offset of the CFA / 8, not 0;
// bits 4 to 0: the saved fp is this many words below the CFA (0: fp is kept, 31: as many as the
// CFA's offset). The saved pc is below the CFA, or behind the saved fp, as the processor has it.
inline constexpr std::uint32_t kShortFromFp = 1U << 13;
inline constexpr std::uint32_t kShortFp = 31;

inline std::uintptr_t short_cfa_offset(std::uint32_t bits) {
  return bits >> 2 & 0x7f8;
}

// The short form of a rule; none: it has no short form.
std::optional<std::uint32_t> pack(const Rule& rule);

}  // namespace pymemflow::interpose
