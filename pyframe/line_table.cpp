#include "pyframe/line_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

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

struct Location {
  std::uint32_t units;
  bool has_line;
  std::uint32_t line_change;
};

// The number of bytes of the first entry. An entry begins with a byte whose bit 7 is set; in those
// that follow it is clear.
std::size_t entry_bytes(Table table) {
  constexpr std::uint64_t kBeginnings = 0x8080808080808080;
  std::uint64_t next = 0;
  if (table.size() > sizeof next) {
    std::memcpy(&next, &table[1], sizeof next);
    next &= kBeginnings;
    if (next != 0) return 1 + static_cast<std::size_t>(std::countr_zero(next)) / 8;
  }
  std::size_t bytes = 1;
  while (bytes < table.size() && (table[bytes] & 0x80) == 0) ++bytes;
  return bytes;
}

// Reads the next entry of the table, and removes it. Its first byte has its kind, and the number of
// two-byte units that it covers; of the others only the line is read.
inline Location next_location(Table& table) {
  const unsigned kind = (table[0] >> 3) & 15;
  Location entry = {.units = (table[0] & 7u) + 1, .has_line = kind != kNone, .line_change = 0};
  if (kind == kNoColumns || kind == kLong) entry.line_change = signed_varint(table, 1);
  if (kind >= kOneLine0 && kind <= kOneLine2) entry.line_change = kind - kOneLine0;
  table = table.subspan(entry_bytes(table));
  return entry;
}

std::int32_t line_in_locations(Table table, std::int32_t first_line, std::uint64_t instruction) {
  auto line = static_cast<std::uint32_t>(first_line);
  std::uint64_t end = 0;
  while (!table.empty()) {
    const Location entry = next_location(table);
    end += std::uint64_t{entry.units} * 2;
    line += entry.line_change;
    if (instruction < end) return entry.has_line ? static_cast<std::int32_t>(line) : first_line;
  }
  return first_line;
}

// Writes the number as signed_varint() reads it. Returns the number of bytes.
std::size_t put_signed_varint(std::uint8_t* to, std::uint32_t number) {
  const bool is_negative = static_cast<std::int32_t>(number) < 0;
  std::uint32_t value = is_negative ? (0u - number) << 1 | 1 : number << 1;
  std::size_t bytes = 0;
  for (; value >= 0x40; value >>= 6) to[bytes++] = static_cast<std::uint8_t>(0x40 | (value & 0x3F));
  to[bytes++] = static_cast<std::uint8_t>(value);
  return bytes;
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

void LinesWithoutColumns::read_run() {
  run_ = std::exchange(next_, {});
  while (!table_.empty()) {
    // Most entries have the line of the one before.
    const unsigned kind = (table_[0] >> 3) & 15;
    if (kind < kOneLine0 && run_.units != 0 && run_.has_line) {
      run_.units += (table_[0] & 7u) + 1;
      table_ = table_.subspan(entry_bytes(table_));
      continue;
    }
    const Location entry = next_location(table_);
    read_line_ += entry.line_change;
    const bool is_same =
        entry.has_line == run_.has_line && (!entry.has_line || read_line_ == run_.line);
    if (run_.units != 0 && !is_same) {
      next_ = {.units = entry.units, .has_line = entry.has_line, .line = read_line_};
      return;
    }
    run_ = {.units = run_.units + entry.units, .has_line = entry.has_line, .line = read_line_};
  }
}

std::size_t LinesWithoutColumns::copy(std::span<std::uint8_t> to) {
  constexpr std::uint64_t kMaxUnits = 8;
  std::size_t bytes = 0;
  for (; !is_done() && bytes + kMaxEntryBytes <= to.size();) {
    const std::uint64_t units = std::min(run_.units, kMaxUnits);
    const std::uint8_t kind = run_.has_line ? kNoColumns : kNone;
    to[bytes++] = static_cast<std::uint8_t>(0x80 | kind << 3 | (units - 1));
    if (run_.has_line) {
      bytes += put_signed_varint(&to[bytes], run_.line - written_line_);
      written_line_ = run_.line;
    }
    run_.units -= units;
    if (run_.units == 0) read_run();
  }
  return bytes;
}

}  // namespace pymemflow::pyframe
