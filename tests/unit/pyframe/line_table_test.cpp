#include "pyframe/line_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace pymemflow::pyframe {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr LineTableFormat kFormats[] = {LineTableFormat::Lnotab, LineTableFormat::LineTable,
                                        LineTableFormat::Locations};

// Copies the table to memory of exactly its size, so that a sanitizer finds any read past its end.
std::int32_t line(LineTableFormat format, const Bytes& table, std::int32_t first_line,
                  std::int32_t instruction) {
  auto exact = std::make_unique<std::uint8_t[]>(table.size());
  std::copy(table.begin(), table.end(), exact.get());
  return line_of(format, {exact.get(), table.size()}, first_line, instruction);
}

std::uint8_t location(unsigned kind, unsigned units) {
  return static_cast<std::uint8_t>(0x80 | kind << 3 | (units - 1));
}

TEST(LineTable, EmptyTableIsTheFirstLine) {
  for (const LineTableFormat format : kFormats) {
    EXPECT_EQ(line(format, {}, 7, 0), 7);
    EXPECT_EQ(line(format, {}, 7, 1000), 7);
  }
}

TEST(LineTable, BeforeTheFirstInstructionIsTheFirstLine) {
  EXPECT_EQ(line(LineTableFormat::Lnotab, {0, 5}, 7, -1), 7);
  EXPECT_EQ(line(LineTableFormat::LineTable, {2, 5}, 7, -2), 7);
  EXPECT_EQ(line(LineTableFormat::Locations, {location(11, 1), 0, 0}, 7, -2), 7);
}

TEST(LineTable, LnotabStepsAndGoesBack) {
  const Bytes table = {6, 1, 50, 2, 0, 127, 4, 0xFE};
  EXPECT_EQ(line(LineTableFormat::Lnotab, table, 1, 0), 1);
  EXPECT_EQ(line(LineTableFormat::Lnotab, table, 1, 5), 1);
  EXPECT_EQ(line(LineTableFormat::Lnotab, table, 1, 6), 2);
  EXPECT_EQ(line(LineTableFormat::Lnotab, table, 1, 56), 131);
  EXPECT_EQ(line(LineTableFormat::Lnotab, table, 1, 60), 129);
  EXPECT_EQ(line(LineTableFormat::Lnotab, table, 1, 6000), 129);
}

TEST(LineTable, LnotabLeavesOddByteAlone) {
  EXPECT_EQ(line(LineTableFormat::Lnotab, {2, 1, 2}, 1, 10), 2);
}

TEST(LineTable, LineTableHasRangesWithoutLine) {
  const Bytes table = {4, 0, 2, 0x80, 2, 3, 0, 100, 2, 0xFF};
  EXPECT_EQ(line(LineTableFormat::LineTable, table, 10, 2), 10);
  EXPECT_EQ(line(LineTableFormat::LineTable, table, 10, 4), 10);
  EXPECT_EQ(line(LineTableFormat::LineTable, table, 10, 6), 13);
  EXPECT_EQ(line(LineTableFormat::LineTable, table, 10, 8), 112);
  EXPECT_EQ(line(LineTableFormat::LineTable, table, 10, 10), 10) << "past the end";
}

TEST(LineTable, LocationsOfEachKind) {
  const Bytes table = {
      location(3, 1),  0x11,                          // short: same line
      location(12, 8), 1,           2,                // one line, two further
      location(15, 1),                                // none
      location(13, 1), 0x03,                          // no columns: -1
      location(14, 2), 0x40 | 0x28, 0x01, 1, 2, 0x3,  // long: (0x28 | 1 << 6) / 2 = 52
  };
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 0), 100);
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 2), 102);
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 16), 102);
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 18), 100) << "no line";
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 20), 101);
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 24), 153);
  EXPECT_EQ(line(LineTableFormat::Locations, table, 100, 26), 100) << "past the end";
}

TEST(LineTable, CutVarintStaysInside) {
  EXPECT_EQ(line(LineTableFormat::Locations, {location(14, 1)}, 5, 0), 5);
  EXPECT_EQ(line(LineTableFormat::Locations, {location(14, 1), 0x42}, 5, 0), 6);
}

TEST(LineTable, EndlessVarintEnds) {
  Bytes table(1000, 0x7F);
  table[0] = location(14, 1);
  line(LineTableFormat::Locations, table, 5, 0);
  line(LineTableFormat::Locations, table, 5, 100);
}

TEST(LineTable, HostileBytesStayInside) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    Bytes table(random() % 40);
    for (std::uint8_t& byte : table) byte = static_cast<std::uint8_t>(random());
    for (const LineTableFormat format : kFormats) {
      for (const std::int32_t instruction : {0, 2, 100, INT32_MAX, INT32_MIN}) {
        line(format, table, INT32_MAX, instruction);
        line(format, table, INT32_MIN, instruction);
      }
    }
  }
}

Bytes without_columns(const Bytes& table) {
  Bytes copy;
  for (LinesWithoutColumns lines(table); !lines.is_done();) {
    Bytes piece(LinesWithoutColumns::kMaxEntryBytes);
    const std::size_t bytes = lines.copy(piece);
    copy.insert(copy.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(bytes));
  }
  return copy;
}

TEST(LinesWithoutColumns, JoinsNeighboursOfOneLine) {
  const Bytes table = {location(3, 1),
                       0x11,
                       location(10, 5),
                       1,
                       2,
                       location(14, 4),
                       0,
                       0,
                       1,
                       1,
                       location(11, 1),
                       1,
                       2,  // one further
                       location(15, 2),
                       location(15, 1)};
  EXPECT_EQ(without_columns(table),
            (Bytes{location(13, 8), 0, location(13, 2), 0, location(13, 1), 2, location(15, 3)}));
  EXPECT_EQ(without_columns({}), Bytes());
}

TEST(LinesWithoutColumns, GivesTheSameLinesForAnyBytes) {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    Bytes table(random() % 40);
    for (std::uint8_t& byte : table) byte = static_cast<std::uint8_t>(random());
    const Bytes copy = without_columns(table);
    for (std::int32_t instruction = -2; instruction < 700; instruction += 2) {
      ASSERT_EQ(line(LineTableFormat::Locations, copy, 7, instruction),
                line(LineTableFormat::Locations, table, 7, instruction));
    }
  }
}

}  // namespace
}  // namespace pymemflow::pyframe
