// Compressed captures: what goes in comes out, and damage stays where it is.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>

#include "capture/block.h"
#include "report/compression/chunk.h"
#include "report/compression/columns.h"
#include "report/compression/compressed_capture.h"

namespace pymemflow::report {
namespace {

class File {
 public:
  File() {
    char path[] = "/tmp/pymemflow-compression.XXXXXX";
    file_ = ::mkstemp(path);
    ::unlink(path);
  }
  explicit File(const Bytes& bytes) : File() { write(bytes, 0); }
  ~File() { ::close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int descriptor() const { return file_; }
  std::size_t size() const { return static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)); }
  void write(const Bytes& bytes, std::size_t offset) {
    EXPECT_EQ(::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(bytes.size()));
  }
  Bytes bytes() const {
    Bytes bytes(size());
    EXPECT_EQ(::pread(file_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
  }

 private:
  int file_ = -1;
};

// Words as they are in captures, between words that are not.
Vector<Word> some_words(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  Vector<Word> words;
  while (words.size() < count) {
    const Word site = 1 + random() % 2000;
    const Word address = 0x55550000 + random() % 5000;
    words.push_back(site << 47 | address << 3 | (1 + random() % 2));
    words.push_back(random() % 8 == 0 ? random() : random() % 1000);
  }
  words.resize(count);
  return words;
}

Bytes some_bytes(std::size_t size, unsigned seed) {
  const Vector<Word> words = some_words(size / 8 + 1, seed);
  Bytes bytes(size);
  if (size != 0) std::memcpy(bytes.data(), words.data(), size);
  return bytes;
}

Bytes compressed_file(const Bytes& plain) {
  const File from(plain);
  const File to;
  EXPECT_EQ(compress(from.descriptor(), to.descriptor()), CompressionError::None);
  return to.bytes();
}

Bytes restored_file(const Bytes& stored, std::uint64_t& lost) {
  const File from(stored);
  const File to;
  EXPECT_EQ(decompress(from.descriptor(), to.descriptor(), lost), CompressionError::None);
  return to.bytes();
}

void expect_round_trip(const Bytes& plain) {
  std::uint64_t lost = 9;
  EXPECT_EQ(restored_file(compressed_file(plain), lost), plain) << plain.size();
  EXPECT_EQ(lost, 0u);
}

TEST(Columns, AreJoinedAgain) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Vector<Word> words = some_words(seed * 7, seed);
    Vector<Word> joined(words.size());
    EXPECT_TRUE(join(split(words), joined));
    EXPECT_EQ(joined, words);
  }
  const Word extremes[] = {0, ~Word{0}, Word{1} << 47, (Word{1} << 47) - 1, ~Word{7}, 7};
  Vector<Word> joined(std::size(extremes));
  EXPECT_TRUE(join(split(extremes), joined));
  EXPECT_TRUE(std::equal(joined.begin(), joined.end(), extremes));
}

TEST(Columns, ThatDoNotFitAreRefused) {
  const Vector<Word> words = some_words(1000, 1);
  const Columns whole = split(words);
  for (std::size_t i = 0; i < Columns::kCount; ++i) {
    Columns columns = whole;
    columns.bytes[i].pop_back();
    Vector<Word> joined(words.size());
    EXPECT_FALSE(join(columns, joined)) << i;
  }
  Columns columns = whole;
  columns.bytes[Columns::Distances][0] = 1;  // before the first call
  Vector<Word> joined(words.size());
  EXPECT_FALSE(join(columns, joined));
}

TEST(CompressedCapture, IsRestored) {
  expect_round_trip({});
  for (const std::size_t size : {1, 7, 8, 4096, 100'000}) expect_round_trip(some_bytes(size, 3));
  expect_round_trip(some_bytes(kChunkBytes, 4));
  expect_round_trip(some_bytes(2 * kChunkBytes + 4096 + 5, 5));
  std::mt19937 random(6);
  Bytes noise(300'000);
  for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random());
  expect_round_trip(noise);
}

TEST(CompressedCapture, KeepsHolesSmall) {
  File from(some_bytes(4096, 1));
  from.write(some_bytes(8192, 2), std::size_t{1} << 30);
  ASSERT_EQ(::ftruncate(from.descriptor(), off_t{3} << 30), 0);
  const File to;
  ASSERT_EQ(compress(from.descriptor(), to.descriptor()), CompressionError::None);
  EXPECT_LT(to.size(), 20'000u);
  const File again;
  std::uint64_t lost = 9;
  ASSERT_EQ(decompress(to.descriptor(), again.descriptor(), lost), CompressionError::None);
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(again.size(), std::size_t{3} << 30);
  Bytes part(8192);
  ASSERT_EQ(::pread(again.descriptor(), part.data(), part.size(), off_t{1} << 30), 8192);
  EXPECT_EQ(part, some_bytes(8192, 2));
}

TEST(CompressedCapture, IsSmallerThanItsBytes) {
  const Bytes plain = some_bytes(1 << 20, 7);
  EXPECT_LT(compressed_file(plain).size(), plain.size() / 2);
}

// A flipped bit costs its chunk alone, and is counted.
TEST(CompressedCapture, LosesDamagedChunksOnly) {
  const std::size_t size = kFileAlignment + 3 * kChunkBytes;
  const Bytes plain = some_bytes(size, 8);
  const Bytes stored = compressed_file(plain);
  std::mt19937_64 random(9);
  for (int round = 0; round < 16; ++round) {
    Bytes damaged = stored;
    damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    std::uint64_t lost = 0;
    const Bytes restored = restored_file(damaged, lost);
    std::size_t wrong = 0;
    // The first page is a chunk of its own.
    for (std::size_t i = kFileAlignment; i < size; i += kChunkBytes) {
      const std::size_t bytes =
          i < restored.size() ? std::min(kChunkBytes, restored.size() - i) : 0;
      const bool is_same = bytes == kChunkBytes && std::memcmp(&restored[i], &plain[i], bytes) == 0;
      if (is_same) continue;
      ++wrong;
      if (bytes != 0) {
        EXPECT_EQ(restored[i], 0xff);
      }
    }
    EXPECT_LE(wrong, 1u);
    EXPECT_GE(lost, wrong);
  }
}

TEST(CompressedCapture, MayBeCutAnywhere) {
  const Bytes plain = some_bytes(kChunkBytes + 9000, 10);
  const Bytes stored = compressed_file(plain);
  for (std::size_t size = 40; size < stored.size(); size += 1 + stored.size() / 20) {
    std::uint64_t lost = 0;
    const Bytes restored =
        restored_file({stored.begin(), stored.begin() + static_cast<ssize_t>(size)}, lost);
    EXPECT_EQ(lost, restored.size() > 4096 ? 1u : lost);
    EXPECT_GE(lost, 1u);
  }
}

TEST(CompressedCapture, IsTakenForNothingElse) {
  std::uint64_t lost = 0;
  const File other(some_bytes(5000, 1));
  const File to;
  EXPECT_FALSE(is_compressed(other.descriptor()));
  EXPECT_EQ(decompress(other.descriptor(), to.descriptor(), lost), CompressionError::NotCompressed);
  Bytes newer = compressed_file(some_bytes(5000, 1));
  CompressedHead head;
  std::memcpy(&head, newer.data(), sizeof head);
  ++head.version;
  head.checksum = checksum_of(head);
  std::memcpy(newer.data(), &head, sizeof head);
  const File file(newer);
  EXPECT_EQ(decompress(file.descriptor(), to.descriptor(), lost), CompressionError::Newer);
}

}  // namespace
}  // namespace pymemflow::report
