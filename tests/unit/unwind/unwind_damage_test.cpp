// Unwind data whose bytes are damaged: nothing is read outside of the segment, and no rule makes a
// walk read outside of the stack.

#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <vector>

#include "interpose/unwind/linux/frame_entry.h"
#include "interpose/unwind/linux/frame_program.h"
#include "interpose/unwind/linux/unwind_module.h"
#include "interpose/unwind/rules.h"

namespace pymemflow::interpose {
namespace {

// A copy of the segment with this program's unwind data. Pages before and behind it cannot be read.
class Copy {
 public:
  Copy() {
    prepare_rules();
    const auto here = reinterpret_cast<std::uintptr_t>(&find_frame_entry);
    const std::optional<UnwindModule> module = find_unwind_module(here);
    if (!module || module->search_table.empty()) return;
    const Bytes all = module->segment;
    // From the header on, so that the copy is small, and all of .eh_frame is in it.
    original_ = {module->search_table.data(), all.data() + all.size()};
    code_distance_ = here - reinterpret_cast<std::uintptr_t>(original_.data());
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t pages = (original_.size() + page - 1) / page * page;
    void* const mapped =
        ::mmap(nullptr, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char* const first = static_cast<unsigned char*>(mapped) + page;
    ::mprotect(first, pages, PROT_READ | PROT_WRITE);
    bytes_ = {first + pages - original_.size(), original_.size()};
    restore();
  }

  bool is_there() const { return !bytes_.empty(); }
  std::span<unsigned char> bytes() { return bytes_; }
  void restore() { std::copy(original_.begin(), original_.end(), bytes_.begin()); }
  // An address that the copy describes as the original describes find_frame_entry().
  std::uintptr_t code() const {
    return reinterpret_cast<std::uintptr_t>(bytes_.data()) + code_distance_;
  }
  std::optional<FrameEntry> find(std::uintptr_t address) const {
    return find_frame_entry(bytes_, bytes_, address);
  }

 private:
  Bytes original_;
  std::span<unsigned char> bytes_;
  std::uintptr_t code_distance_ = 0;
};

TEST(UnwindDamage, ACopyIsReadAsTheOriginal) {
  Copy copy;
  ASSERT_TRUE(copy.is_there());
  const std::optional<FrameEntry> entry = copy.find(copy.code());
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->start, copy.code());
  EXPECT_TRUE(compile_rule(*entry, copy.code()));
}

// Without the table, all entries are read, and the same one is found.
TEST(UnwindDamage, AHeaderWithoutATableIsEnough) {
  Copy copy;
  ASSERT_TRUE(copy.is_there());
  const std::optional<FrameEntry> by_table = copy.find(copy.code() + 4);
  ASSERT_TRUE(by_table);
  copy.bytes()[3] = kPointerOmitted;
  const std::optional<FrameEntry> by_scan = copy.find(copy.code() + 4);
  ASSERT_TRUE(by_scan);
  EXPECT_EQ(by_scan->start, by_table->start);
  EXPECT_EQ(by_scan->program.data(), by_table->program.data());
}

TEST(UnwindDamage, NothingIsReadOutsideOfTheSegment) {
  Copy copy;
  ASSERT_TRUE(copy.is_there());
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const int rounds = std::getenv("PMF_LONG") != nullptr ? 1'000'000 : 20'000;
  int rules = 0;
  const std::span<unsigned char> bytes = copy.bytes();
  for (int round = 0; round < rounds; ++round) {
    if (round % 64 == 0) copy.restore();
    std::uintptr_t address = copy.code() + random() % 4096 - 2048;
    const std::optional<FrameEntry> whole = copy.find(address);
    // Damage at random, in the header, and in the entry that is looked up.
    bytes[random() % bytes.size()] = static_cast<unsigned char>(random());
    if (round % 16 == 0) bytes[random() % 12] = static_cast<unsigned char>(random());
    if (whole) {
      const auto place = static_cast<std::size_t>(whole->program.data() - bytes.data());
      const std::size_t near = place + random() % 48 - std::min<std::size_t>(place, 24);
      if (near < bytes.size()) bytes[near] = static_cast<unsigned char>(random());
    }
    const std::optional<FrameEntry> entry = copy.find(address);
    if (entry && compile_rule(*entry, address)) ++rules;
  }
  EXPECT_GT(rules, 0);
}

// Each cut of the data, as of a file that was cut off.
TEST(UnwindDamage, DataMayEndAnywhere) {
  Copy copy;
  ASSERT_TRUE(copy.is_there());
  const std::span<unsigned char> bytes = copy.bytes();
  const std::size_t first = bytes.size() > 4096 ? bytes.size() - 4096 : 0;
  for (std::size_t start = first; start < bytes.size(); ++start) {
    const Bytes cut = bytes.subspan(start);
    const std::optional<FrameEntry> entry = find_frame_entry(cut, cut, copy.code());
    if (entry) compile_rule(*entry, copy.code());
  }
}

}  // namespace
}  // namespace pymemflow::interpose
