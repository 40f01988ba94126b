// Tests captures with a flipped bit or a missing part: the damage is counted, and the rest is read
// correctly.

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::CaptureSettings;
using interpose::recording;

constexpr std::uint64_t kEvents = 30'000;
constexpr std::size_t kEventsABlock = kBlockWords / 2 + 1;

class Copy {
 public:
  explicit Copy(const std::vector<char>& bytes) : file_(::memfd_create("copy", MFD_CLOEXEC)) {
    EXPECT_EQ(::write(file_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  ~Copy() { ::close(file_); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  int file() const { return file_; }

 private:
  int file_;
};

std::vector<char> bytes_of(int file) {
  std::vector<char> bytes(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)));
  EXPECT_EQ(::pread(file, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return bytes;
}

// Returns the bytes of a complete capture of kEvents events at kSites sites.
std::vector<char> record() {
  constexpr std::uint64_t kSites = 300;
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    interpose::record_malloc(i, block(0x1000), caller(1 + i % kSites));
  }
  EXPECT_TRUE(interpose::end_recording());
  return bytes_of(recording.destination.file.descriptor());
}

// Checks that every event that was read is one that was recorded, in its order.
void check_rest(const Read& read, const char* what, std::size_t where) {
  std::uint64_t next = 0;
  for (std::size_t k = 0; k < read.events.size(); ++k) {
    const std::uint64_t i = read.events[k].arguments[0];
    ASSERT_GE(i, next) << what << where;
    ASSERT_EQ(read.sites[k].address, 1 + i % 300) << what << where;
    next = i + 1;
  }
}

// Returns the offsets of the bytes that are in use: heads, and blocks up to their last record.
std::vector<std::size_t> meaningful(const std::vector<char>& bytes) {
  std::vector<std::size_t> places;
  const auto add = [&](std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) places.push_back(first + i);
  };
  constexpr std::size_t kVersion = offsetof(FileHead, version);
  for (std::size_t i = 0; i < sizeof(FileHead); ++i) {
    if (i < kVersion || i >= kVersion + 4) places.push_back(i);  // see NewerVersion
  }
  std::size_t offset = kFileAlignment;
  while (offset + sizeof(BlockHead) <= bytes.size()) {
    BlockHead head;
    std::memcpy(&head, &bytes[offset], sizeof head);
    if (head.magic != kBlockMagic) {
      offset += kFileAlignment;
      continue;
    }
    add(offset, sizeof head + head.used_bytes);
    offset += head.extent_bytes;
  }
  return places;
}

TEST(Damage, OfAnyBitIsNoticedAndTheRestIsRead) {
  in_own_process([] {
    const std::vector<char> bytes = record();
    const Read whole = read_all();
    ASSERT_EQ(whole.events.size(), kEvents);
    ASSERT_EQ(whole.damaged, 0U);
    std::vector<std::size_t> places = meaningful(bytes);
    std::mt19937 random(4711);
    // Takes the first 200 offsets, which include the head of the file, and a sample of the rest.
    std::shuffle(places.begin() + 200, places.end(), random);
    places.resize(std::min<std::size_t>(places.size(), 600));
    for (const std::size_t place : places) {
      std::vector<char> changed = bytes;
      changed[place] = static_cast<char>(changed[place] ^ 1 << random() % 8);
      const Copy copy(changed);
      const Read read = read_all(copy.file());
      const bool is_end = read.head.end != whole.head.end;
      ASSERT_TRUE(read.damaged > 0 || is_end) << "byte " << place;
      // At most the events of one block are lost. If the block holds definitions, names are
      // missing.
      ASSERT_GE(read.events.size() + read.left_out + kEventsABlock, kEvents) << "byte " << place;
      check_rest(read, "byte ", place);
    }
  });
}

TEST(Damage, OfAnEndThatIsCutOffIsNoticed) {
  in_own_process([] {
    const std::vector<char> bytes = record();
    for (std::size_t size = bytes.size() - 1; size > 100; size = size * 9 / 10) {
      const Copy copy({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
      const Read read = read_all(copy.file());
      ASSERT_GT(read.damaged, 0U) << "of " << size << " bytes";
      check_rest(read, "cut at ", size);
    }
  });
}

TEST(Damage, OfABlockThatIsMissingIsNoticed) {
  in_own_process([] {
    const std::vector<char> bytes = record();
    constexpr std::size_t kPage = kFileAlignment;
    std::size_t missing = 0;
    for (std::size_t offset = kPage; offset < bytes.size(); offset += kPage) {
      BlockHead head;
      std::memcpy(&head, &bytes[offset], sizeof head);
      if (head.magic != kBlockMagic) continue;
      ++missing;
      std::vector<char> changed = bytes;
      // The last block may end after its records.
      const std::size_t end = std::min<std::size_t>(offset + head.extent_bytes, bytes.size());
      std::memset(&changed[offset], 0, end - offset);
      const Copy copy(changed);
      const Read read = read_all(copy.file());
      ASSERT_GT(read.damaged, 0U) << "at " << offset;
      check_rest(read, "without block at ", offset);
    }
    EXPECT_GT(missing, 5U);
  });
}

TEST(Damage, OfARingIsNoticedAndTheRestIsRead) {
  in_own_process(
      [] {
        const std::vector<char> bytes = record();
        const Read whole = read_all();
        ASSERT_EQ(whole.damaged, 0U);
        std::vector<std::size_t> places = meaningful(bytes);
        std::mt19937 random(4711);
        std::shuffle(places.begin() + 200, places.end(), random);
        places.resize(400);
        for (const std::size_t place : places) {
          std::vector<char> changed = bytes;
          changed[place] = static_cast<char>(changed[place] ^ 1 << random() % 8);
          const Copy copy(changed);
          const Read read = read_all(copy.file());
          ASSERT_TRUE(read.damaged > 0 || read.head.end != whole.head.end) << "byte " << place;
          check_rest(read, "byte ", place);
        }
      },
      {.mode = RecordMode::Ring, .ring_bytes = 200'000});
}

}  // namespace
}  // namespace pymemflow
