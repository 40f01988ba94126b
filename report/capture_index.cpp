#include "report/capture_index.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pymemflow::report {
namespace {

using interpose::BlockHead;
using interpose::BlockState;
using interpose::kBlockBytes;
using interpose::kFileAlignment;

constexpr std::uint64_t kMaxUsed = kBlockBytes - sizeof(BlockHead);

std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + kFileAlignment - 1) & ~std::uint64_t{kFileAlignment - 1};
}

bool is_sane(const BlockHead& head) {
  if (head.magic != interpose::kBlockMagic || head.writer == 0 || head.number == 0) return false;
  if (head.writer >= 1U << 16) return false;
  return head.state != BlockState::Sealed ||
         (head.used_bytes <= kMaxUsed && head.used_bytes % sizeof(interpose::Word) == 0);
}

// A window and its sealed copy may both be there: the copy has a checksum.
bool comes_before(const BlockPlace& a, const BlockPlace& b) {
  if (a.writer != b.writer) return a.writer < b.writer;
  if (a.number != b.number) return a.number < b.number;
  return a.is_window < b.is_window;
}

bool is_same_block(const BlockPlace& a, const BlockPlace& b) {
  return a.writer == b.writer && a.number == b.number;
}

void scan(int file, std::uint64_t size, CaptureIndex& index) {
  Vector<std::uint64_t> lost;  // by writer
  for (std::uint64_t offset = kFileAlignment; offset + sizeof(BlockHead) <= size;) {
    BlockHead head;
    if (!read_at(file, &head, sizeof head, offset)) break;
    // A hole: its writer could not fill it, or was killed before it did.
    if (!is_sane(head)) {
      if (head.magic == interpose::kBlockMagic && head.state != BlockState::Reserved) {
        ++index.damaged;
      }
      offset += kFileAlignment;
      continue;
    }
    const bool is_window = head.state != BlockState::Sealed;
    if (head.state == BlockState::Open || head.state == BlockState::Sealed) {
      index.blocks.push_back(
          {head.writer, head.number, head.stamp, head.thread, head.checksum, offset + sizeof head,
           is_window ? static_cast<std::uint32_t>(kMaxUsed) : head.used_bytes, is_window});
    }
    if (head.writer >= lost.size()) lost.resize(head.writer + 1);
    lost[head.writer] = std::max(lost[head.writer], head.lost);
    offset += is_window ? kBlockBytes : round_up(sizeof head + head.used_bytes);
  }
  for (const std::uint64_t count : lost) index.lost += count;
}

}  // namespace

bool read_at(int file, void* data, std::size_t bytes, std::uint64_t offset) {
  char* cursor = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = ::pread(file, cursor, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    cursor += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

std::string_view describe(CaptureError error) {
  switch (error) {
    case CaptureError::None:
      break;
    case CaptureError::Unreadable:
      return "cannot be read";
    case CaptureError::NotACapture:
      return "is not a capture of pymemflow";
    case CaptureError::Older:
      return "is a capture of an older version of pymemflow, which this one no longer reads";
    case CaptureError::Newer:
      return "is a capture of a newer version of pymemflow than this one";
  }
  return {};
}

CaptureError read_index(int file, CaptureIndex& index) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return CaptureError::Unreadable;
  if (!read_at(file, &index.head, sizeof index.head, 0)) return CaptureError::NotACapture;
  if (index.head.magic != interpose::kFileMagic) return CaptureError::NotACapture;
  if (index.head.version > interpose::kFormatVersion) return CaptureError::Newer;
  if (index.head.version < interpose::kFormatVersion) return CaptureError::Older;
  scan(file, static_cast<std::uint64_t>(facts.st_size), index);
  std::sort(index.blocks.begin(), index.blocks.end(), comes_before);
  index.blocks.erase(std::unique(index.blocks.begin(), index.blocks.end(), is_same_block),
                     index.blocks.end());
  return CaptureError::None;
}

}  // namespace pymemflow::report
