#include "pyframe/line_table.h"

namespace pymemflow::pyframe {
namespace {

using Table = std::span<const std::uint8_t>;

// Lines are summed unsigned, so that hostile tables wrap around instead of being undefined.
std::uint32_t signed_byte(std::uint8_t byte) {
  return static_cast<std::uint32_t>(static_cast<std::int8_t>(byte));
}

// Pairs (bytes of bytecode, signed lines): the distance to the next change of the line, and the
// change.
std::int32_t line_in_lnotab(Table table, std::int32_t first_line, std::uint64_t instruction) {
  auto line = static_cast<std::uint32_t>(first_line);
  std::uint64_t start = 0;
  for (std::size_t i = 0; i + 1 < table.size(); i += 2) {
    start += table[i];
    if (start > instruction) break;
    line += signed_byte(table[i + 1]);
  }
  return static_cast<std::int32_t>(line);
}

// Pairs (bytes of bytecode, signed lines): a range, and the difference of its line from that of the
// last range with a line; -128 marks a range without a line.
std::int32_t line_in_line_table(Table table, std::int32_t first_line, std::uint64_t instruction) {
  constexpr std::uint8_t kNoLine = 0x80;
  auto line = static_cast<std::uint32_t>(first_line);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i + 1 < table.size(); i += 2) {
    end += table[i];
    const bool has_line = table[i + 1] != kNoLine;
    if (has_line) line += signed_byte(table[i + 1]);
    if (instruction < end) return has_line ? static_cast<std::int32_t>(line) : first_line;
  }
  return first_line;
}

// Six bits per byte, low bits first; bit 6 says that another byte follows. The lowest bit of the
// number is the sign. Bits beyond 32 are dropped.
std::uint32_t signed_varint(Table table, std::size_t position) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; position < table.size() && shift < 32; shift += 6) {
    const std::uint8_t byte = table[position++];
    value |= static_cast<std::uint32_t>(byte & 0x3F) << shift;
    if ((byte & 0x40) == 0) break;
  }
  return (value & 1) != 0 ? 0u - (value >> 1) : value >> 1;
}

enum LocationKind : std::uint8_t { kOneLine0 = 10, kOneLine2 = 12, kNoColumns, kLong, kNone };

// An entry begins with a byte whose bit 7 is set: its kind, and the number of two-byte units that
// it covers. In the bytes that follow bit 7 is clear; only the line is read from them.
std::int32_t line_in_locations(Table table, std::int32_t first_line, std::uint64_t instruction) {
  auto line = static_cast<std::uint32_t>(first_line);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < table.size();) {
    const unsigned kind = (table[i] >> 3) & 15;
    end += (std::uint64_t{table[i] & 7u} + 1) * 2;
    if (kind == kNoColumns || kind == kLong) line += signed_varint(table, i + 1);
    if (kind >= kOneLine0 && kind <= kOneLine2) line += kind - kOneLine0;
    if (instruction < end) return kind == kNone ? first_line : static_cast<std::int32_t>(line);
    ++i;
    while (i < table.size() && (table[i] & 0x80) == 0) ++i;
  }
  return first_line;
}

}  // namespace

std::int32_t line_of(LineTableFormat format, std::span<const std::uint8_t> table,
                     std::int32_t first_line, std::int32_t instruction) {
  if (instruction < 0) return first_line;
  const auto offset = static_cast<std::uint64_t>(instruction);
  switch (format) {
    case LineTableFormat::Lnotab:
      return line_in_lnotab(table, first_line, offset);
    case LineTableFormat::LineTable:
      return line_in_line_table(table, first_line, offset);
    case LineTableFormat::Locations:
      return line_in_locations(table, first_line, offset);
  }
  return first_line;
}

}  // namespace pymemflow::pyframe
