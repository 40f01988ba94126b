#include "report/compression/chunk.h"

#include <algorithm>
#include <cstring>

#include "capture/block.h"

namespace pymemflow::report {
namespace {

// Before each column of a chunk.
struct ColumnHead {
  std::uint32_t plain_bytes;
  std::uint32_t stored_bytes : 31;
  std::uint32_t is_in_planes : 1;
};
static_assert(sizeof(ColumnHead) == 8);

bool append_compressed(const ZstdFunctions& zstd, const Bytes& column, bool is_in_planes,
                       Bytes& to) {
  const std::size_t start = to.size();
  const std::size_t room = zstd.bound(column.size());
  to.resize(start + sizeof(ColumnHead) + room);
  const std::size_t size = zstd.compress(zstd.context, &to[start] + sizeof(ColumnHead), room,
                                         column.data(), column.size());
  if (zstd.is_error(size) != 0) return false;
  const ColumnHead head = {static_cast<std::uint32_t>(column.size()),
                           static_cast<std::uint32_t>(size) & 0x7fffffff, is_in_planes ? 1U : 0U};
  std::memcpy(&to[start], &head, sizeof head);
  to.resize(start + sizeof head + size);
  return true;
}

// Appends the shorter one of both orders.
bool append_column(const ZstdFunctions& zstd, const Bytes& column, std::size_t width, Bytes& to) {
  Bytes rows;
  if (!append_compressed(zstd, column, false, rows)) return false;
  if (width > 1) {
    Bytes planes;
    if (!append_compressed(zstd, to_planes(column, width), true, planes)) return false;
    if (planes.size() < rows.size()) rows = std::move(planes);
  }
  to.insert(to.end(), rows.begin(), rows.end());
  return true;
}

// Takes a column of at most `most` bytes off the front of `stored`.
bool take_column(const ZstdFunctions& zstd, std::span<const std::uint8_t>& stored,
                 std::size_t width, std::size_t most, Bytes& column) {
  ColumnHead head{};
  if (stored.size() < sizeof head) return false;
  std::memcpy(&head, stored.data(), sizeof head);
  stored = stored.subspan(sizeof head);
  if (head.stored_bytes > stored.size() || head.plain_bytes > most) return false;
  if (head.plain_bytes % width != 0) return false;
  column.resize(head.plain_bytes);
  const std::size_t size =
      zstd.decompress(column.data(), column.size(), stored.data(), head.stored_bytes);
  if (zstd.is_error(size) != 0 || size != column.size()) return false;
  stored = stored.subspan(head.stored_bytes);
  if (head.is_in_planes != 0) column = from_planes(column, width);
  return true;
}

Vector<Word> words_of(std::span<const std::uint8_t> bytes) {
  Vector<Word> words(bytes.size() / sizeof(Word));
  if (!words.empty()) std::memcpy(words.data(), bytes.data(), words.size() * sizeof(Word));
  return words;
}

bool compress_columns(const ZstdFunctions& zstd, std::span<const std::uint8_t> plain, Bytes& to) {
  const Columns columns = split(words_of(plain));
  for (std::size_t i = 0; i < Columns::kCount; ++i) {
    if (!append_column(zstd, columns.bytes[i], Columns::kWidths[i], to)) return false;
  }
  return true;
}

bool restore_columns(const ZstdFunctions& zstd, std::span<const std::uint8_t> stored,
                     Bytes& plain) {
  Columns columns;
  for (std::size_t i = 0; i < Columns::kCount; ++i) {
    if (!take_column(zstd, stored, Columns::kWidths[i], plain.size(), columns.bytes[i]))
      return false;
  }
  Vector<Word> words(plain.size() / sizeof(Word));
  if (plain.size() % sizeof(Word) != 0 || !join(columns, words)) return false;
  if (!words.empty()) std::memcpy(plain.data(), words.data(), plain.size());
  return true;
}

template <typename Head>
std::uint64_t checksum_of_head(const Head& head) {
  constexpr std::size_t kWords = offsetof(Head, checksum) / sizeof(Word);
  Word words[kWords];
  std::memcpy(words, &head, sizeof words);
  return pymemflow::checksum_of(words, kWords);
}

}  // namespace

std::uint64_t checksum_of(const CompressedHead& head) {
  return checksum_of_head(head);
}

std::uint64_t checksum_of(const ChunkHead& head) {
  return checksum_of_head(head);
}

std::uint64_t checksum_of_bytes(const Bytes& bytes) {
  const Vector<Word> words = words_of(bytes);
  return pymemflow::checksum_of(words.data(), words.size());
}

bool is_sane(const ChunkHead& head, std::uint64_t plain_bytes) {
  if (head.magic != kChunkMagic || head.checksum != checksum_of(head)) return false;
  if (head.offset > plain_bytes || head.plain_bytes > plain_bytes - head.offset) return false;
  if (head.plain_bytes == 0) return false;
  if (head.method == Method::Zeros) return head.stored_bytes == 0;
  return head.method <= Method::Split && head.plain_bytes <= kChunkBytes &&
         head.stored_bytes <= 2 * kChunkBytes;
}

Bytes compressed(const ZstdFunctions& zstd, std::span<const std::uint8_t> plain, Method& method) {
  Bytes bytes;
  method = Method::Whole;
  if (!append_column(zstd, Bytes(plain.begin(), plain.end()), 1, bytes)) return {};
  Bytes columns;
  if (plain.size() % sizeof(Word) == 0 && compress_columns(zstd, plain, columns) &&
      columns.size() < bytes.size()) {
    bytes = std::move(columns);
    method = Method::Split;
  }
  return bytes;
}

bool restore(const ZstdFunctions& zstd, Method method, std::span<const std::uint8_t> stored,
             Bytes& plain) {
  if (method == Method::Split) return restore_columns(zstd, stored, plain);
  Bytes column;
  if (!take_column(zstd, stored, 1, plain.size(), column)) return false;
  if (column.size() != plain.size()) return false;
  plain = std::move(column);
  return true;
}

}  // namespace pymemflow::report
