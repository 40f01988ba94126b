#pragma once
// The map of the process at the end of its recording, as definitions that the process itself
// writes. First the areas by address, each followed by the pages of it that are resident where only
// some are; then what else is known of addresses; then a ProcessMap, which completes them. A later
// ProcessMap, after an exec that failed, replaces an earlier one. Pure, for any thread.

#include <cstddef>
#include <cstdint>

#include "capture/record.h"

namespace pymemflow {

enum class AreaKind : std::uint8_t {
  File = 0,          // adjacent mappings of one file are one area
  Anonymous = 1,     // memory without a file
  Heap = 2,          // that of brk()
  Stack = 3,         // of the first thread
  System = 4,        // the kernel's own: [vdso]
  Inaccessible = 5,  // address space alone
  // Not parts of the map: they say more about areas above.
  Own = 6,     // the library has mapped it for itself
  Thread = 7,  // the address is in the stack of a thread
};
inline constexpr std::size_t kAreaKinds = 8;
constexpr bool is_part_of_map(AreaKind kind) {
  return kind < AreaKind::Own;
}

// Area: [kind, bytes of the name] in the number; [start] [end] [resident bytes] [name, padded]
inline constexpr std::size_t kAreaWords = 4;
inline constexpr std::size_t kMaxAreaName = 255;
constexpr std::size_t area_words(std::size_t name_bytes) {
  return kAreaWords + (name_bytes + sizeof(Word) - 1) / sizeof(Word);
}
constexpr Word area_head(AreaKind kind, std::size_t name_bytes) {
  return extended_head(ExtendedKind::Area, area_words(name_bytes),
                       static_cast<std::uint32_t>(kind) | static_cast<std::uint32_t>(name_bytes)
                                                              << 8);
}

// Pages: number: the page of the area at which they begin, divided by 64; [groups of 64 pages]
// [a bit per page]. Without the bits all of them are resident. Groups that no record has are not.
inline constexpr std::size_t kPagesWords = 2;
inline constexpr std::uint64_t kPagesInGroup = 64;
constexpr Word pages_head(std::uint32_t first_group, std::size_t bitmap_words) {
  return extended_head(ExtendedKind::Pages, kPagesWords + bitmap_words, first_group);
}

// ProcessMap: number: the Areas before it; [bytes of a page] [resident bytes] [peak of these]
// [error number for which the map is not known, or 0]
inline constexpr std::size_t kProcessMapWords = 5;

}  // namespace pymemflow
