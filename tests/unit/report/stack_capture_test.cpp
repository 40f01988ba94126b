// Captures with stacks, made by hand: the events have their stack and their site, and nothing
// damaged is taken for a stack.

#include <gtest/gtest.h>

#include <vector>

#include "capture/sums.h"
#include "report/compression/compressed_capture.h"
#include "report/reader/capture_reader.h"
#include "tests/unit/made_capture.h"

namespace pymemflow::report {
namespace {

struct Read {
  std::vector<Event> events;
  std::uint64_t damaged = 0;
  std::uint64_t left_out = 0;
};

Read read_all(int file) {
  CaptureReader reader(file);
  EXPECT_EQ(reader.poll(), CaptureError::None);
  Read read;
  Event event;
  const Site* site = nullptr;
  while (reader.next(event, site)) {
    EXPECT_EQ(site, reader.names().find(event.site));
    read.events.push_back(event);
  }
  read.damaged = reader.damaged();
  read.left_out = reader.left_out();
  return read;
}

// main.py:10 main -> lib.py:20 load -> lib.py:30 read; and lib.py:40 clear.
Records definitions() {
  Records records;
  records.add_site(1, "main.py", "main", 10).add_site(2, "lib.py", "load", 20);
  records.add_site(3, "lib.py", "read", 30).add_site(4, "lib.py", "clear", 40);
  return records.add_stack(18, 17, 3).add_stack(17, 16, 2).add_stack(16, 0, 1);
}

Records some_events() {
  Records records;
  records.add({used_stack(18)}).add_malloc(0x1000, 1, 100).add({used_stack(17)});
  records.add_malloc(0x2000, 2, 200).add({used_site(4)}).add_free(0x1000, 3);
  records.add({short_head(RecordKind::MallocAgain, 0x3000, LastSizes::place_of(1, 100))});
  return records.add({call_head(Function::realloc, 2), 0x2000, 300, 0x4000});
}

void expect_some_events(const Read& read) {
  ASSERT_EQ(read.events.size(), 5U);
  const StackId stacks[] = {18, 17, kNoStack, 18, 17};
  const SiteId sites[] = {3, 2, 4, 3, 2};
  const std::uint64_t sizes[] = {100, 200, 0x1000, 100, 0x2000};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(read.events[i].stack, stacks[i]) << i;
    EXPECT_EQ(read.events[i].site, sites[i]) << i;
    EXPECT_EQ(read.events[i].arguments[0], sizes[i]) << i;
  }
}

TEST(StackCapture, GivesEachEventItsStackAndItsSite) {
  MadeCapture capture(FrameKind::Stacks);
  capture.add(BlockKind::Definitions, definitions());
  capture.add(BlockKind::Events, some_events());
  // The table of the next block is empty at its start.
  capture.add(BlockKind::Events, Records().add({used_stack(16)}).add_malloc(0x9000, 1, 7));
  const Read read = read_all(capture.file());
  EXPECT_EQ(read.damaged, 0U);
  EXPECT_EQ(read.left_out, 0U);
  ASSERT_EQ(read.events.size(), 6U);
  EXPECT_EQ(read.events[5].stack, 16U);
  EXPECT_EQ(read.events[5].site, 1U);
  Read first = read;
  first.events.pop_back();
  expect_some_events(first);
}

TEST(StackCapture, IsCompressedAndRestored) {
  MadeCapture capture(FrameKind::Stacks);
  capture.add(BlockKind::Definitions, definitions());
  capture.add(BlockKind::Events, some_events());
  const int compressed = ::memfd_create("compressed", MFD_CLOEXEC);
  const int restored = ::memfd_create("restored", MFD_CLOEXEC);
  std::uint64_t lost = 9;
  EXPECT_EQ(compress(capture.file(), compressed), CompressionError::None);
  EXPECT_EQ(decompress(compressed, restored, lost), CompressionError::None);
  EXPECT_EQ(lost, 0U);
  expect_some_events(read_all(restored));
  ::close(compressed);
  ::close(restored);
}

TEST(StackCapture, HasNoStacksIfItsHeadSaysSo) {
  MadeCapture capture(FrameKind::Sites);
  capture.add(BlockKind::Definitions, definitions());
  capture.add(BlockKind::Events, Records().add({used_stack(18)}).add_malloc(0x1000, 1, 100));
  const Read read = read_all(capture.file());
  EXPECT_EQ(read.damaged, 1U);  // the UsedStack
  ASSERT_EQ(read.events.size(), 1U);
  EXPECT_EQ(read.events[0].site, 1U);
  EXPECT_EQ(read.events[0].stack, kNoStack);
}

TEST(StackCapture, IsReadByItsRecordsIfItsHeadIsDamaged) {
  MadeCapture capture(FrameKind::Stacks);
  capture.add(BlockKind::Definitions, definitions());
  capture.add(BlockKind::Events, some_events());
  capture.head().frames = FrameKind{0x12345678};
  capture.write_head(true);
  const Read read = read_all(capture.file());
  EXPECT_GT(read.damaged, 0U);
  expect_some_events(read);
}

TEST(StackCapture, LeavesOutWhatIsUnknown) {
  MadeCapture capture(FrameKind::Stacks);
  capture.add(BlockKind::Definitions, definitions());
  Records records;
  records.add_malloc(0x1000, 0, 100);                        // nothing is known
  records.add_malloc(0x2000, 1, 100);                        // damaged: the table is empty
  records.add({used_stack(99)}).add_malloc(0x3000, 1, 100);  // a stack that was not defined
  records.add({used_stack(3)}).add_malloc(0x4000, 2, 100);   // the end of a stack
  records.add({used_site(98)}).add_malloc(0x5000, 3, 100);   // a site that was not defined
  records.add({used_stack(18)}).add_malloc(0x6000, 4, 100);
  capture.add(BlockKind::Events, records);
  const Read read = read_all(capture.file());
  EXPECT_EQ(read.damaged, 1U);
  EXPECT_EQ(read.left_out, 4U);
  ASSERT_EQ(read.events.size(), 1U);
  EXPECT_EQ(read.events[0].arguments[0], 100U);
  EXPECT_EQ(read.events[0].stack, 18U);
}

TEST(StackCapture, CountsDamagedDefinitions) {
  MadeCapture capture(FrameKind::Stacks);
  Records records = definitions();
  records.add_stack(7, 16, 1).add_stack(30, 9, 1).add_stack(16, 0, 2);
  records.add({extended_head(ExtendedKind::Stack, 3, 31), stack_payload({0, 1}), 0});
  capture.add(BlockKind::Definitions, records);
  EXPECT_EQ(read_all(capture.file()).damaged, 4U);
  // A parent that is never defined.
  MadeCapture other(FrameKind::Stacks);
  other.add(BlockKind::Definitions, definitions().add_stack(40, 39, 1));
  EXPECT_EQ(read_all(other.file()).damaged, 1U);
}

TEST(StackCapture, TakesDefinitionsOfOtherWriters) {
  MadeCapture capture(FrameKind::Stacks);
  capture.add(BlockKind::Definitions, Records().add_stack(19, 18, 4), 1);
  capture.add(BlockKind::Definitions, definitions(), 2);
  capture.add(BlockKind::Events, Records().add({used_stack(19)}).add_malloc(0x1000, 1, 100), 1);
  const Read read = read_all(capture.file());
  EXPECT_EQ(read.damaged, 0U);
  ASSERT_EQ(read.events.size(), 1U);
  EXPECT_EQ(read.events[0].stack, 19U);
  EXPECT_EQ(read.events[0].site, 4U);
}

TEST(StackCapture, HasSumsByStack) {
  MadeCapture capture(FrameKind::Stacks, RecordMode::Sums);
  capture.add(BlockKind::Definitions, definitions().add_stack(20, kNoStack, 4));
  // The first window was folded into the sums.
  capture.add(BlockKind::Events, Records(), 1);
  capture.add(BlockKind::Events, Records(), 1);
  const auto cell = [](StackId stack, Word count) {
    return std::vector<Word>{
        sum_key(stack, Function::malloc, 70), 0, 1, count, 100 * count, 0, 0, 0};
  };
  std::vector<Word> cells;
  for (const auto& [stack, count] : {std::pair<StackId, Word>{18, 5}, {20, 6}, {77, 7}}) {
    const std::vector<Word> words = cell(stack, count);
    cells.insert(cells.end(), words.begin(), words.end());
  }
  capture.add(BlockKind::Sums, cells, 1);
  CaptureReader reader(capture.file());
  ASSERT_EQ(reader.poll(), CaptureError::None);
  ASSERT_EQ(reader.sums().size(), 2U);
  EXPECT_EQ(reader.sums()[0].stack, 18U);
  EXPECT_EQ(reader.sums()[0].site, 3U);
  EXPECT_EQ(reader.sums()[1].stack, 20U);
  EXPECT_EQ(reader.sums()[1].site, 4U);
  EXPECT_EQ(reader.left_out(), 7U);
}

}  // namespace
}  // namespace pymemflow::report
