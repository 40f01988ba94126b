#pragma once
// A chunk of a compressed capture: the heads in the file, and the compression of the bytes. Pure,
// but for the memory it takes.

#include <cstddef>
#include <cstdint>
#include <span>

#include "report/compression/columns.h"
#include "report/compression/zstd.h"

namespace pymemflow::report {

inline constexpr std::uint64_t kChunkMagic = 0x4b4e48434c464d50;  // "PMFLCHNK"
inline constexpr std::size_t kChunkBytes = std::size_t{4} << 20;  // of the capture

struct CompressedHead {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t unused;
  std::uint64_t plain_bytes;  // of the capture
  std::uint64_t checksum;     // of the words before
};
static_assert(sizeof(CompressedHead) == 32);

enum class Method : std::uint32_t { Zeros, Whole, Split };

struct ChunkHead {
  std::uint64_t magic;
  std::uint64_t offset;  // in the capture
  std::uint64_t plain_bytes;
  Method method;
  std::uint32_t stored_bytes;     // after this head; then zeros up to a multiple of 8
  std::uint64_t stored_checksum;  // of these bytes
  std::uint64_t checksum;         // of the words before
};
static_assert(sizeof(ChunkHead) == 48);

std::uint64_t checksum_of(const CompressedHead& head);
std::uint64_t checksum_of(const ChunkHead& head);
// Of bytes whose number is a multiple of 8.
std::uint64_t checksum_of_bytes(const Bytes& bytes);
// Whether a chunk of a file of `plain_bytes` can have this head.
bool is_sane(const ChunkHead& head, std::uint64_t plain_bytes);

// The bytes in the shorter one of both methods. Empty: libzstd failed.
Bytes compressed(const ZstdFunctions& zstd, std::span<const std::uint8_t> plain, Method& method);
// False: these are not the bytes of a chunk of that size.
bool restore(const ZstdFunctions& zstd, Method method, std::span<const std::uint8_t> stored,
             Bytes& plain);

}  // namespace pymemflow::report
