#include "report/compression/compressed_capture.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/block.h"
#include "report/compression/chunk.h"
#include "report/reader/file_reads.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kUnknown = std::uint64_t{1} << 62;

std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + 7) & ~std::uint64_t{7};
}

bool is_zeros(const Bytes& bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), &bytes[0] + 1, bytes.size() - 1) == 0);
}

class Compressor {
 public:
  Compressor(const ZstdFunctions& zstd, int from, int to) : zstd_(zstd), from_(from), to_(to) {}

  CompressionError run() {
    std::uint64_t size = 0;
    if (!find_size(from_, size)) return CompressionError::Unreadable;
    CompressedHead head = {kCompressedMagic, kCompressedVersion, 0, size, 0};
    head.checksum = checksum_of(head);
    if (!write(&head, sizeof head)) return CompressionError::Unwritable;
    std::uint64_t zeros = 0;  // bytes before `offset` that are not written yet
    for (std::uint64_t offset = 0; offset < size;) {
      const std::uint64_t data = std::min(end_of_hole(from_, offset, size), size);
      zeros += data - offset;
      offset = data;
      // The head page is a chunk of its own, so that it outlives damage to the rest.
      const std::size_t most = offset == 0 ? kFileAlignment : kChunkBytes;
      Bytes plain(std::min<std::uint64_t>(most, size - offset));
      if (!read_at(from_, plain.data(), plain.size(), offset)) return CompressionError::Unreadable;
      const bool is_last = offset + plain.size() == size;
      if (is_zeros(plain)) zeros += plain.size();
      const bool has_data = !is_zeros(plain);
      const std::uint64_t end = has_data ? offset : offset + plain.size();
      if (zeros != 0 && (has_data || is_last)) {
        if (!write_chunk(end - zeros, zeros, Method::Zeros, {}))
          return CompressionError::Unwritable;
        zeros = 0;
      }
      offset += plain.size();
      if (!has_data) continue;
      Method method{};
      const Bytes stored = compressed(zstd_, plain, method);
      if (stored.empty()) return CompressionError::Unwritable;
      const bool is_written = write_chunk(offset - plain.size(), plain.size(), method, stored);
      if (!is_written) return CompressionError::Unwritable;
    }
    return CompressionError::None;
  }

 private:
  bool write_chunk(std::uint64_t offset, std::uint64_t bytes, Method method, Bytes stored) {
    ChunkHead head = {.magic = kChunkMagic,
                      .offset = offset,
                      .plain_bytes = bytes,
                      .method = method,
                      .stored_bytes = static_cast<std::uint32_t>(stored.size()),
                      .stored_checksum = 0,
                      .checksum = 0};
    stored.resize(padded(stored.size()));
    head.stored_checksum = checksum_of_bytes(stored);
    head.checksum = checksum_of(head);
    return write(&head, sizeof head) && write(stored.data(), stored.size());
  }

  bool write(const void* data, std::size_t bytes) {
    if (!write_at(to_, data, bytes, written_)) return false;
    written_ += bytes;
    return true;
  }

  const ZstdFunctions& zstd_;
  int from_;
  int to_;
  std::uint64_t written_ = 0;
};

class Decompressor {
 public:
  Decompressor(const ZstdFunctions& zstd, int from, int to) : zstd_(zstd), from_(from), to_(to) {}

  CompressionError run();
  std::uint64_t lost() const { return lost_; }

 private:
  CompressionError read_head();
  // The head of the next chunk from `position_` on. False: there is none.
  bool find_chunk(ChunkHead& head);
  CompressionError take(const ChunkHead& head);
  // The capture cannot be restored between these offsets: a page at its beginning says so.
  bool mark_lost(std::uint64_t offset, std::uint64_t end);

  const ZstdFunctions& zstd_;
  int from_;
  int to_;
  std::uint64_t plain_bytes_ = 0;
  std::uint64_t position_ = sizeof(CompressedHead);  // in the compressed file
  std::uint64_t restored_ = 0;                       // up to this offset of the capture
  std::uint64_t room_ = 0;                           // bytes that may be written
  std::uint64_t lost_ = 0;
  std::uint64_t lost_end_ = 0;  // of the last stretch
};

CompressionError Decompressor::read_head() {
  CompressedHead head{};
  if (!is_compressed(from_)) return CompressionError::NotCompressed;
  const bool is_whole = read_at(from_, &head, sizeof head, 0) && head.magic == kCompressedMagic &&
                        head.checksum == checksum_of(head);
  if (is_whole && head.version > kCompressedVersion) return CompressionError::Newer;
  plain_bytes_ = is_whole ? std::min(head.plain_bytes, kUnknown) : kUnknown;
  struct statvfs space {};
  if (::fstatvfs(to_, &space) != 0) return CompressionError::Unwritable;
  // Files in memory that belong to no folder have no limit of their own.
  const bool is_limited = space.f_blocks != 0;
  room_ = is_limited ? static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize / 2 : kUnknown;
  return CompressionError::None;
}

bool Decompressor::find_chunk(ChunkHead& head) {
  constexpr std::size_t kStep = sizeof(std::uint64_t);
  std::uint64_t end = 0;
  if (!find_size(from_, end)) return false;
  Bytes buffer;
  for (std::uint64_t start = position_; start + sizeof head <= end;) {
    buffer.resize(std::min<std::uint64_t>(end - start, std::size_t{1} << 16));
    if (!read_at(from_, buffer.data(), buffer.size(), start)) return false;
    std::size_t at = 0;
    for (; at + sizeof head <= buffer.size(); at += kStep) {
      std::memcpy(&head, &buffer[at], sizeof head);
      if (!is_sane(head, plain_bytes_) || head.offset < restored_) continue;
      position_ = start + at + sizeof head;
      return true;
    }
    start += at;
  }
  return false;
}

bool Decompressor::mark_lost(std::uint64_t offset, std::uint64_t end) {
  const bool is_same_stretch = lost_ != 0 && offset <= lost_end_;
  lost_end_ = end;
  if (is_same_stretch) return true;
  const Bytes page(kFileAlignment, 0xff);
  ++lost_;
  return write_at(to_, page.data(), page.size(), offset);
}

CompressionError Decompressor::take(const ChunkHead& head) {
  if (head.offset > restored_ && !mark_lost(restored_, head.offset))
    return CompressionError::Unwritable;
  restored_ = head.offset + head.plain_bytes;
  if (head.method == Method::Zeros) return CompressionError::None;
  Bytes stored(padded(head.stored_bytes));
  bool is_whole = read_at(from_, stored.data(), stored.size(), position_) &&
                  checksum_of_bytes(stored) == head.stored_checksum;
  position_ += stored.size();
  Bytes plain(is_whole ? head.plain_bytes : 0);
  stored.resize(head.stored_bytes);
  is_whole = is_whole && restore(zstd_, head.method, stored, plain);
  if (!is_whole)
    return mark_lost(head.offset, restored_) ? CompressionError::None
                                             : CompressionError::Unwritable;
  if (plain.size() > room_) return CompressionError::TooLarge;
  room_ -= plain.size();
  const bool is_written = write_at(to_, plain.data(), plain.size(), head.offset);
  return is_written ? CompressionError::None : CompressionError::Unwritable;
}

CompressionError Decompressor::run() {
  if (const CompressionError error = read_head(); error != CompressionError::None) return error;
  ChunkHead head{};
  while (find_chunk(head)) {
    if (const CompressionError error = take(head); error != CompressionError::None) return error;
  }
  // Without its head the file does not tell where the capture ends.
  if (plain_bytes_ == kUnknown || restored_ < plain_bytes_) {
    const bool is_marked = lost_ != 0 && restored_ <= lost_end_;
    if (is_marked) return CompressionError::None;
    // The room of the last block goes on behind what was written of it, and is not read.
    constexpr std::uint64_t kBehind = kBlockBytes + kFileAlignment - 1;
    const std::uint64_t end = (restored_ + kBehind) / kFileAlignment * kFileAlignment;
    return mark_lost(end, kUnknown) ? CompressionError::None : CompressionError::Unwritable;
  }
  // A capture may end with zeros.
  std::uint64_t bytes = 0;
  if (!find_size(to_, bytes)) return CompressionError::Unwritable;
  const bool is_long = bytes >= restored_ || ::ftruncate(to_, static_cast<off_t>(restored_)) == 0;
  return is_long ? CompressionError::None : CompressionError::TooLarge;
}

}  // namespace

bool is_compressed(int file) {
  std::uint64_t magic = 0;
  if (read_at(file, &magic, sizeof magic, 0) && magic == kCompressedMagic) return true;
  return read_at(file, &magic, sizeof magic, sizeof(CompressedHead)) && magic == kChunkMagic;
}

std::string_view describe(CompressionError error) {
  switch (error) {
    case CompressionError::None:
      break;
    case CompressionError::NoLibrary:
      return "compressed captures need libzstd, which is not installed";
    case CompressionError::Unreadable:
    case CompressionError::Unwritable:
      return std::strerror(errno);
    case CompressionError::NotCompressed:
      return "is not a compressed capture";
    case CompressionError::Newer:
      return "is a compressed capture of a newer version of pymemflow than this one";
    case CompressionError::TooLarge:
      return "would take more than half of the free space when it is decompressed; TMPDIR can name "
             "a folder with more";
  }
  return {};
}

CompressionError compress(int from, int to) {
  const ZstdFunctions* const zstd = zstd_functions();
  return zstd == nullptr ? CompressionError::NoLibrary : Compressor(*zstd, from, to).run();
}

CompressionError decompress(int from, int to, std::uint64_t& lost) {
  const ZstdFunctions* const zstd = zstd_functions();
  if (zstd == nullptr) return CompressionError::NoLibrary;
  Decompressor decompressor(*zstd, from, to);
  const CompressionError error = decompressor.run();
  lost = decompressor.lost();
  return error;
}

}  // namespace pymemflow::report
