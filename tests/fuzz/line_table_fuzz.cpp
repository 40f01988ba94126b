// Decodes arbitrary bytes as line tables: nothing outside of the table is read, and the line at
// every offset is that of a second decoder, which lists all ranges of a table before it looks one
// up. A copy without columns gives the same lines.
//
//   1 byte    the format: 3.6 to 3.9, 3.10, from 3.11 on
//   4 bytes   the first line
//   4 bytes   the instruction, beside some 200 others
//   the rest  the table

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "pyframe/line_table.h"

namespace pymemflow::pyframe {
namespace {

using Table = std::span<const std::uint8_t>;

// Reaches to the begin of the next range. Without a line, the first line of the code counts.
struct Range {
  std::int64_t begin;
  std::optional<std::uint32_t> line;
};

class Ranges {
 public:
  explicit Ranges(std::uint32_t first_line) : first_line_(first_line) {}
  // The last range begins where the table ends, except in lnotab, whose last line has no end.
  void add(std::int64_t begin, std::optional<std::uint32_t> line) { all_.push_back({begin, line}); }

  std::int32_t line_at(std::int64_t instruction) const {
    const auto after =
        std::upper_bound(all_.begin(), all_.end(), instruction,
                         [](std::int64_t at, const Range& range) { return at < range.begin; });
    const bool has_line = after != all_.begin() && std::prev(after)->line.has_value();
    return static_cast<std::int32_t>(has_line ? *std::prev(after)->line : first_line_);
  }

 private:
  std::uint32_t first_line_;
  std::vector<Range> all_;
};

std::uint32_t step_of(std::uint8_t byte) {
  return byte < 128 ? byte : byte - 256u;
}

Ranges ranges_of_lnotab(Table table, std::uint32_t line) {
  Ranges ranges(line);
  std::int64_t at = 0;
  ranges.add(at, line);
  for (; table.size() >= 2; table = table.subspan(2)) {
    at += table[0];
    line += step_of(table[1]);
    ranges.add(at, line);
  }
  return ranges;
}

Ranges ranges_of_line_table(Table table, std::uint32_t line) {
  Ranges ranges(line);
  std::int64_t at = 0;
  for (; table.size() >= 2; table = table.subspan(2)) {
    const bool has_line = table[1] != 128;
    if (has_line) line += step_of(table[1]);
    if (table[0] != 0) ranges.add(at, has_line ? std::optional(line) : std::nullopt);
    at += table[0];
  }
  ranges.add(at, std::nullopt);
  return ranges;
}

// An entry ends before the next byte in which bit 7 is set.
Table take_entry(Table& rest) {
  std::size_t size = 1;
  while (size < rest.size() && rest[size] < 128) ++size;
  const Table entry = rest.first(size);
  rest = rest.subspan(size);
  return entry;
}

// Reads at most six bytes. Like CPython, it does not look at bit 7, so it may read into the next
// entry.
std::uint32_t first_varint(Table from_entry_on) {
  std::uint64_t value = 0;
  for (std::size_t i = 1; i < from_entry_on.size() && i <= 6; ++i) {
    value += static_cast<std::uint64_t>(from_entry_on[i] % 64) << 6 * (i - 1);
    if (from_entry_on[i] / 64 % 2 == 0) break;
  }
  const std::uint32_t low = static_cast<std::uint32_t>(value);
  return low % 2 == 0 ? low / 2 : 0u - low / 2;
}

Ranges ranges_of_locations(Table table, std::uint32_t line) {
  Ranges ranges(line);
  std::int64_t at = 0;
  while (!table.empty()) {
    const Table from_here_on = table;
    const Table entry = take_entry(table);
    const unsigned kind = entry[0] / 8 % 16;
    if (kind == 11) line += 1;
    if (kind == 12) line += 2;
    if (kind == 13 || kind == 14) line += first_varint(from_here_on);
    ranges.add(at, kind == 15 ? std::nullopt : std::optional(line));
    at += (entry[0] % 8 + 1) * 2;
  }
  ranges.add(at, std::nullopt);
  return ranges;
}

Ranges ranges_of(LineTableFormat format, Table table, std::int32_t first_line) {
  const auto line = static_cast<std::uint32_t>(first_line);
  switch (format) {
    case LineTableFormat::Lnotab:
      return ranges_of_lnotab(table, line);
    case LineTableFormat::LineTable:
      return ranges_of_line_table(table, line);
    case LineTableFormat::Locations:
      return ranges_of_locations(table, line);
  }
  std::abort();
}

// In pieces of an odd size.
std::vector<std::uint8_t> without_columns(Table table) {
  std::vector<std::uint8_t> copy;
  for (LinesWithoutColumns lines(table); !lines.is_done();) {
    std::uint8_t piece[LinesWithoutColumns::kMaxEntryBytes + 2];
    const std::size_t bytes = lines.copy(piece);
    if (bytes == 0 || bytes > sizeof piece) std::abort();
    copy.insert(copy.end(), piece, piece + bytes);
  }
  return copy;
}

void compare(LineTableFormat format, Table table, std::int32_t first_line,
             std::int32_t instruction) {
  const Ranges ranges = ranges_of(format, table, first_line);
  const bool has_copy = format == LineTableFormat::Locations;
  const std::vector<std::uint8_t> copy =
      has_copy ? without_columns(table) : std::vector<std::uint8_t>();
  const auto check = [&](std::int32_t at) {
    if (line_of(format, table, first_line, at) != ranges.line_at(at)) std::abort();
    if (!has_copy) return;
    if (line_of(format, copy, first_line, at) != ranges.line_at(at)) std::abort();
  };
  check(instruction);
  // Each offset of a short table, some of a long one.
  constexpr std::int32_t kChecks = 200;
  constexpr std::int32_t kMostBytesAnEntry = 16;
  const auto end = static_cast<std::int32_t>(table.size()) * kMostBytesAnEntry + 2;
  for (std::int32_t at = -1; at < end; at += 1 + end / kChecks) check(at);
}

}  // namespace
}  // namespace pymemflow::pyframe

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pymemflow::pyframe::LineTableFormat;
  constexpr LineTableFormat kFormats[] = {LineTableFormat::Lnotab, LineTableFormat::LineTable,
                                          LineTableFormat::Locations};
  constexpr std::size_t kHead = 9;
  if (size < kHead) return 0;
  std::int32_t first_line = 0;
  std::int32_t instruction = 0;
  std::memcpy(&first_line, data + 1, sizeof first_line);
  std::memcpy(&instruction, data + 5, sizeof instruction);
  // In memory of exactly that size, so that the sanitizer sees a byte before and one after it.
  const std::size_t bytes = size - kHead;
  const auto exact = std::make_unique<std::uint8_t[]>(bytes);
  if (bytes != 0) std::memcpy(exact.get(), data + kHead, bytes);
  pymemflow::pyframe::compare(kFormats[data[0] % std::size(kFormats)], {exact.get(), bytes},
                              first_line, instruction);
  return 0;
}
