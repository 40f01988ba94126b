#pragma once
// How events and definitions are written as 64-bit words, in the order in which one thread made
// them. The recorder writes them, the reader (report/capture_reader.h) takes them apart; nothing
// else knows this layout. Pure functions; any thread.
//
// The lowest three bits of a record's first word say what it is, and that word is written last, so
// that a record is either whole or not there. A zero word ends what was written.

#include <cstdint>

#include "interpose/event.h"

namespace pymemflow::interpose {

using Word = std::uint64_t;

enum class RecordKind : std::uint8_t {
  End = 0,
  Malloc = 1,      // [address|site] [bytes]
  Free = 2,        // [address|site]
  Calloc = 3,      // [address|site] [elements:32|bytes an element:32]
  Call = 4,        // [function|site] [arguments …] [result, unless Effect::Release]
  Turn = 5,        // [stamp]: what follows happened after all that bears a smaller stamp
  MoveEnd = 6,     // [stamp]: the Move before it was under way until this stamp
  Definition = 7,  // [what|words|number] [payload …]
};

// What a Definition gives a name to, and its payload.
enum class DefinitionKind : std::uint8_t {
  Text = 1,    // number: text.    [bytes] [the bytes, padded]; a piece of a text, pieces in order
  Code = 2,    // number: code.    [filename text|name text] [line-table text|first line] [format]
  Site = 3,    // number: site.    [code|instruction]
  Caller = 4,  // number: site.    [return address]
  Module = 5,  // number: text of the path. [start] [end] [offset]
  Thread = 6,  // number: the kernel's thread id of the writer from here on
};

inline constexpr int kKindBits = 3;
inline constexpr int kAddressBits = 44;  // of a 48-bit address that is a multiple of 16
inline constexpr int kShortSiteBits = 64 - kKindBits - kAddressBits;
inline constexpr SiteId kShortSites = SiteId{1} << kShortSiteBits;
inline constexpr unsigned kAlignmentShift = 4;

constexpr RecordKind kind_of(Word first) {
  return static_cast<RecordKind>(first & 7);
}

// Whether a block's address and its site fit the one-word head of Malloc, Free and Calloc.
constexpr bool fits_short(std::uint64_t address, SiteId site) {
  constexpr std::uint64_t kUnusable =
      ~(((std::uint64_t{1} << kAddressBits) - 1) << kAlignmentShift);
  return (address & kUnusable) == 0 && site < kShortSites;
}
constexpr Word short_head(RecordKind kind, std::uint64_t address, SiteId site) {
  return static_cast<Word>(kind) | (address >> kAlignmentShift) << kKindBits |
         static_cast<Word>(site) << (kKindBits + kAddressBits);
}
constexpr std::uint64_t short_address(Word head) {
  return (head >> kKindBits & ((std::uint64_t{1} << kAddressBits) - 1)) << kAlignmentShift;
}
constexpr SiteId short_site(Word head) {
  return static_cast<SiteId>(head >> (kKindBits + kAddressBits));
}

constexpr Word call_head(Function function, SiteId site) {
  return static_cast<Word>(RecordKind::Call) | static_cast<Word>(function) << kKindBits |
         static_cast<Word>(site) << 32;
}
constexpr std::size_t call_function(Word head) {
  return head >> kKindBits & 0x1f;
}
constexpr SiteId call_site(Word head) {
  return static_cast<SiteId>(head >> 32);
}
constexpr std::size_t call_words(const FunctionTraits& function) {
  return 1 + function.arguments.size() + (function.effect == Effect::Release ? 0 : 1);
}
inline constexpr std::size_t kMaxCallWords = 2 + kMaxArguments;

constexpr Word stamp_head(RecordKind kind, std::uint64_t stamp) {
  return static_cast<Word>(kind) | stamp << kKindBits;
}
constexpr std::uint64_t stamp_of(Word head) {
  return head >> kKindBits;
}

// `words` counts the head.
constexpr Word definition_head(DefinitionKind what, std::size_t words, std::uint32_t number) {
  return static_cast<Word>(RecordKind::Definition) | static_cast<Word>(what) << kKindBits |
         static_cast<Word>(words) << 8 | static_cast<Word>(number) << 32;
}
constexpr DefinitionKind definition_kind(Word head) {
  return static_cast<DefinitionKind>(head >> kKindBits & 0x1f);
}
constexpr std::size_t definition_words(Word head) {
  return head >> 8 & 0xffffff;
}
constexpr std::uint32_t definition_number(Word head) {
  return static_cast<std::uint32_t>(head >> 32);
}

constexpr Word pair(std::uint32_t low, std::uint32_t high) {
  return low | static_cast<Word>(high) << 32;
}
constexpr std::uint32_t low_half(Word word) {
  return static_cast<std::uint32_t>(word);
}
constexpr std::uint32_t high_half(Word word) {
  return static_cast<std::uint32_t>(word >> 32);
}

}  // namespace pymemflow::interpose
