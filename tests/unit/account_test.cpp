// The account of a process: its map as it is read from records, and the parts of its memory.

#include <gtest/gtest.h>

#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "report/account/account_builder.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBase = 0x7f0000000000;

std::vector<Word> area_record(AreaKind kind, std::uint64_t start, std::uint64_t pages,
                              std::uint64_t resident_pages, std::string_view name = {}) {
  std::vector<Word> words(area_words(name.size()));
  words[0] = area_head(kind, name.size());
  words[1] = start;
  words[2] = start + pages * kPage;
  words[3] = resident_pages * kPage;
  if (!name.empty()) std::memcpy(words.data() + kAreaWords, name.data(), name.size());
  return words;
}
std::vector<Word> pages_record(std::uint32_t group, std::uint64_t groups,
                               std::vector<Word> bits = {}) {
  std::vector<Word> words = {pages_head(group, bits.size()), groups};
  words.insert(words.end(), bits.begin(), bits.end());
  return words;
}

// A map that is made of records.
class MadeMap {
 public:
  MadeMap& area(AreaKind kind, std::uint64_t start, std::uint64_t pages, std::uint64_t resident,
                std::string_view name = {}) {
    EXPECT_TRUE(map_.take_area(area_record(kind, start, pages, resident, name)));
    ++areas_;
    if (is_part_of_map(kind)) resident_ += resident * kPage;
    return *this;
  }
  MadeMap& pages(std::uint32_t group, std::uint64_t groups, std::vector<Word> bits = {}) {
    EXPECT_TRUE(map_.take_pages(pages_record(group, groups, std::move(bits))));
    return *this;
  }
  bool end(std::uint64_t error = 0) {
    const std::vector<Word> words = {
        extended_head(ExtendedKind::ProcessMap, kProcessMapWords, areas_), kPage, resident_,
        resident_ + kPage, error};
    return map_.take_end(words);
  }
  const ProcessMap& map() const { return map_; }

 private:
  ProcessMap map_;
  std::uint32_t areas_ = 0;
  std::uint64_t resident_ = 0;
};

Account account_of(const ProcessMap& map, const std::vector<AccountRange>& ranges,
                   const std::vector<AccountBlock>& blocks, bool is_forked_child = false) {
  AccountBuilder builder(map, is_forked_child);
  for (const AccountRange& range : ranges) builder.add_range(range);
  builder.begin([&](auto visit) {
    for (const AccountBlock& block : blocks) {
      if (block.bytes < AccountBuilder::kSmallestMapped) visit(block.address);
    }
  });
  for (const AccountBlock& block : blocks) builder.add_block(block);
  for (const AccountBlock& block : blocks) builder.add_pin(block);
  const Account account = builder.finish().account;
  std::uint64_t sum = 0;
  for (const std::uint64_t part : account.bytes) sum += part;
  EXPECT_EQ(sum, account.resident);
  return account;
}

TEST(ProcessMap, KnowsWhichPagesAreResident) {
  MadeMap made;
  made.area(AreaKind::Anonymous, kBase, 300, 70).pages(0, 1, {0xff}).pages(2, 1).pages(4, 1, {1});
  made.area(AreaKind::Anonymous, kBase + 300 * kPage, 10, 10);
  made.area(AreaKind::File, kBase + 400 * kPage, 10, 5, "/lib/x.so");
  ASSERT_TRUE(made.end());
  const ProcessMap& map = made.map();
  ASSERT_TRUE(map.is_known());
  EXPECT_EQ(map.resident_in(kBase, kBase + 300 * kPage), (8 + 64 + 1) * kPage);
  EXPECT_EQ(map.resident_in(kBase + 7 * kPage, kBase + 9 * kPage), kPage);
  EXPECT_EQ(map.resident_in(kBase + 8 * kPage, kBase + 128 * kPage), 0U);
  EXPECT_EQ(map.resident_in(kBase + 130 * kPage, kBase + 140 * kPage), 10 * kPage);
  EXPECT_EQ(map.resident_in(kBase + 256 * kPage, kBase + 305 * kPage), 6 * kPage);
  // The resident pages of a file are not known one by one.
  EXPECT_EQ(map.resident_in(kBase + 400 * kPage, kBase + 404 * kPage), 2 * kPage);
  EXPECT_EQ(map.resident_in(0, kBase), 0U);
}

TEST(ProcessMap, RejectsWhatCannotBe) {
  ProcessMap map;
  std::vector<Word> area = area_record(AreaKind::Anonymous, kBase, 4, 5);
  EXPECT_FALSE(map.take_area(area));  // more than all is resident
  EXPECT_FALSE(MadeMap().area(AreaKind::Heap, kBase, 1, 1).area(AreaKind::Heap, kBase, 1, 1).end());
  EXPECT_FALSE(
      MadeMap().area(AreaKind::Heap, kBase, 100, 1).pages(1, 1).pages(0, 1).end());  // order
  EXPECT_FALSE(MadeMap().area(AreaKind::Heap, kBase, 100, 1).pages(2, 1).end());     // beyond it
  ProcessMap empty;
  EXPECT_FALSE(empty.take_pages(pages_record(0, 1)));
  MadeMap failed;
  EXPECT_TRUE(failed.end(13));
  EXPECT_TRUE(failed.map().is_there());
  EXPECT_FALSE(failed.map().is_known());
}

TEST(Account, CountsBlocksAsFarAsTheyAreResident) {
  MadeMap made;
  // A block of 100 pages with a mapping of its own, of which 10 pages were written to.
  made.area(AreaKind::Anonymous, kBase, 101, 10).pages(0, 1, {0x3ff});
  ASSERT_TRUE(made.end());
  const Account account = account_of(made.map(), {}, {{kBase + 16, 100 * kPage, 1, true}});
  EXPECT_EQ(account.of(AccountPart::blocks), 10 * kPage - 16);
  EXPECT_EQ(account.leaked, 10 * kPage - 16);
  EXPECT_EQ(account.of(AccountPart::allocator), 16U);
  EXPECT_EQ(account.of(AccountPart::unexplained), 0U);
}

TEST(Account, TellsPinnedPagesFromFreeOnes) {
  MadeMap made;
  made.area(AreaKind::Heap, kBase, 64, 64, "[heap]");
  ASSERT_TRUE(made.end());
  // One block of 100 bytes in page 3, and one that fills pages 10 to 12 but for its ends.
  const Account account = account_of(
      made.map(), {},
      {{kBase + 3 * kPage + 0x110, 100, 1}, {kBase + 10 * kPage + 16, 3 * kPage - 24, 2}});
  EXPECT_EQ(account.of(AccountPart::blocks), 100 + 3 * kPage - 24);
  EXPECT_EQ(account.of(AccountPart::free), 60 * kPage);
  // A chunk of 112 bytes; and one that leaves 8 bytes at each of its ends.
  EXPECT_EQ(account.of(AccountPart::pinned), kPage - 112 + 16);
  EXPECT_EQ(account.of(AccountPart::allocator), 12U + 8);
  EXPECT_EQ(account.of(AccountPart::unexplained), 0U);
}

// As only a damaged record has them: at the first addresses, and more bytes in one page than 32
// bits can count.
TEST(Account, BearsBlocksThatCannotBe) {
  MadeMap made;
  made.area(AreaKind::Heap, kPage, (std::uint64_t{1} << 20) + 1, (std::uint64_t{1} << 20) + 1);
  ASSERT_TRUE(made.end());
  AccountBuilder builder(made.map(), false);
  builder.begin([](auto) {});
  const std::uint64_t last = ((std::uint64_t{1} << 20) + 1) * kPage;
  const auto visit_all = [&](auto take) {
    for (std::uint64_t address = 0; address < 9; ++address) {
      take(AccountBlock{.address = address, .bytes = 100});
    }
    // Each covers the last page to its end.
    for (std::uint64_t page = 1; page <= std::uint64_t{1} << 20; ++page) {
      take(AccountBlock{.address = page * kPage + 8, .bytes = last + kPage - page * kPage - 8});
    }
  };
  visit_all([&](const AccountBlock& block) { builder.add_block(block); });
  visit_all([&](const AccountBlock& block) { builder.add_pin(block); });
  EXPECT_TRUE(builder.finish().account.is_known);
}

TEST(Account, FindsHeapsOfThreadsAndStacks) {
  const std::uint64_t heap = kBase + Claims::kHeapBytes;
  const std::uint64_t pages = Claims::kHeapBytes / kPage;
  MadeMap made;
  made.area(AreaKind::Inaccessible, kBase, 1, 0);
  made.area(AreaKind::Anonymous, kBase + kPage, 100, 3).pages(0, 1, {7});
  made.area(AreaKind::Anonymous, heap, 40, 40);
  made.area(AreaKind::Inaccessible, heap + 40 * kPage, pages - 40, 0);
  // A heap that has grown to its full size, and memory of the library right behind it.
  made.area(AreaKind::Anonymous, heap + pages * kPage, pages + 8, pages + 8);
  made.area(AreaKind::Own, heap + 2 * pages * kPage, 8, 0);
  ASSERT_TRUE(made.end());
  const Account account =
      account_of(made.map(), {}, {{heap + pages * kPage + 5 * kPage + 0x20, 1000, 1}});
  EXPECT_EQ(account.of(AccountPart::stacks), 3 * kPage);
  EXPECT_EQ(account.of(AccountPart::free), (40 + pages - 1) * kPage);
  EXPECT_EQ(account.of(AccountPart::own), 8 * kPage);
  EXPECT_EQ(account.of(AccountPart::unexplained), 0U);
}

TEST(Account, GivesMappingsToTheirOwners) {
  MadeMap made;
  // The kernel joins what is adjacent.
  made.area(AreaKind::File, kBase, 10, 4, "/lib/x.so");
  made.area(AreaKind::Anonymous, kBase + 10 * kPage, 64, 64);
  made.area(AreaKind::Anonymous, kBase + 100 * kPage, 2, 2);
  ASSERT_TRUE(made.end());
  const std::uint64_t arenas = kBase + 12 * kPage;
  const std::vector<AccountRange> ranges = {
      {arenas, arenas + 20 * kPage, AccountPart::arenas, 0, 5},
      {arenas + 30 * kPage, arenas + 40 * kPage, AccountPart::libraries, 1, 6}};
  const Account account =
      account_of(made.map(), ranges, {{arenas + 64, 500, 7}, {arenas + 30 * kPage + 64, 900, 8}});
  EXPECT_EQ(account.of(AccountPart::arenas), 20 * kPage);
  EXPECT_EQ(account.objects, 500U);
  EXPECT_EQ(account.of(AccountPart::blocks), 900U);
  EXPECT_EQ(account.of(AccountPart::libraries), 10 * kPage - 900);
  // The variables of the library that follow its file.
  EXPECT_EQ(account.of(AccountPart::files), (4 + 64 - 30) * kPage);
  EXPECT_EQ(account.of(AccountPart::unexplained), 2 * kPage);
  const Account child = account_of(made.map(), ranges, {}, true);
  EXPECT_EQ(child.of(AccountPart::parents), 2 * kPage);
}

}  // namespace
}  // namespace pymemflow::report
