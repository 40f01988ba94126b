#include "report/reader/capture_index.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

namespace pymemflow::report {
namespace {

std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + kFileAlignment - 1) & ~std::uint64_t{kFileAlignment - 1};
}

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

// Of a block that is used where it was made.
std::size_t extent_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::Events:
    case BlockKind::Sums:
      return kBlockBytes;
    case BlockKind::Definitions:
      return kDefinitionBlockBytes;
  }
  return 0;
}

bool is_sane(const BlockHead& head) {
  const std::size_t extent = extent_of(head.kind);
  if (head.magic != kBlockMagic || extent == 0 || head.number == 0) return false;
  if (head.writer >= 1U << 16 || head.used_bytes % sizeof(Word) != 0) return false;
  if (head.used_bytes > extent - sizeof head) return false;
  switch (head.state) {
    case BlockState::Reserved:
    case BlockState::Sealed:
      return head.kind == BlockKind::Events &&
             head.extent_bytes == round_up(sizeof head + head.used_bytes);
    case BlockState::Open:
    case BlockState::Emptied:
    case BlockState::Closed:
      return head.extent_bytes == extent;
    case BlockState::Untouched:
      break;
  }
  return false;
}

// A window and its copy may both be there: the one with a checksum first.
auto rank(const IndexedBlock& place) {
  return std::make_tuple(place.head.kind, place.head.writer, place.head.number, place.is_window());
}

bool is_same_block(const IndexedBlock& a, const IndexedBlock& b) {
  return a.head.kind == b.head.kind && a.head.writer == b.head.writer &&
         a.head.number == b.head.number;
}

class Scan {
 public:
  Scan(int file, CaptureIndex& index) : file_(file), index_(index) {}

  void run() {
    std::uint64_t offset = kFileAlignment;
    BlockHead head;
    while (offset + sizeof head <= index_.size_bytes &&
           read_at(file_, &head, sizeof head, offset)) {
      if (!is_sane(head)) {
        // A hole, if it is zero: its writer was killed before it came to it.
        if (head.magic != 0 && !std::exchange(is_in_damage_, true)) ++damaged_stretches_;
        offset += kFileAlignment;
        continue;
      }
      is_in_damage_ = false;
      add(head, offset);
      offset += head.extent_bytes;
    }
    std::sort(index_.blocks.begin(), index_.blocks.end(),
              [](const IndexedBlock& a, const IndexedBlock& b) { return rank(a) < rank(b); });
    index_.blocks.erase(std::unique(index_.blocks.begin(), index_.blocks.end(), is_same_block),
                        index_.blocks.end());
    for (const std::uint64_t count : lost_) index_.lost += count;
    // A block whose head is damaged is also one that is missing.
    index_.damaged += std::max(damaged_stretches_, missing());
  }

 private:
  void add(const BlockHead& head, std::uint64_t offset) {
    if (head.state == BlockState::Reserved) return;
    if (head.kind == BlockKind::Events) {
      if (head.writer >= lost_.size()) lost_.resize(head.writer + 1);
      lost_[head.writer] = std::max(lost_[head.writer], head.lost);
      const bool is_emptied = head.state == BlockState::Emptied;
      std::uint64_t& folded = index_.folded[head.writer];
      folded = std::max(folded, is_emptied ? head.number : head.number - 1);
    }
    if (head.state != BlockState::Emptied) index_.blocks.push_back({head, offset});
  }

  // Gaps in the numbers, and behind them. A ring begins with any number.
  std::uint64_t missing() const {
    std::uint64_t gaps = 0;
    std::uint64_t last_numbers = 0;
    const BlockHead* before = nullptr;
    for (const IndexedBlock& place : index_.blocks) {
      const BlockHead& head = place.head;
      const bool is_first =
          before == nullptr || before->kind != head.kind || before->writer != head.writer;
      const bool may_begin_late =
          head.kind == BlockKind::Events && index_.head.mode != RecordMode::Full;
      const std::uint64_t expected =
          is_first ? (may_begin_late ? head.number : 1) : before->number + 1;
      if (head.number != expected) ++gaps;
      if (is_first && before != nullptr) last_numbers += before->number;
      before = &head;
    }
    if (before != nullptr) last_numbers += before->number;
    const FileHead& file = index_.head;
    const bool is_known = file.end != EndKind::None && file.end_checksum == checksum_of_end(file);
    return is_known && last_numbers < file.last_numbers ? gaps + 1 : gaps;
  }

  const int file_;
  CaptureIndex& index_;
  Vector<std::uint64_t> lost_;  // by writer
  std::uint64_t damaged_stretches_ = 0;
  bool is_in_damage_ = false;
};

// What the head says that can be checked.
void check_head(CaptureIndex& index) {
  FileHead& head = index.head;
  if (head.checksum != checksum_of_start(head)) {
    ++index.damaged;
    head.process = index.blocks.empty() ? 0 : index.blocks.front().head.process;
    head.mode = index.of_kind(BlockKind::Sums).empty() ? RecordMode::Full : RecordMode::Sums;
  }
  if (head.end == EndKind::None) return;
  if (head.end_checksum != checksum_of_end(head)) {
    ++index.damaged;
    head.failure = 0;
    head.lost = 0;
    return;
  }
  if (index.size_bytes < head.file_bytes) ++index.damaged;
}

}  // namespace

std::size_t IndexedBlock::used_bytes() const {
  return is_window() ? head.extent_bytes - sizeof head : head.used_bytes;
}

std::span<const IndexedBlock> CaptureIndex::of_kind(BlockKind kind) const {
  IndexedBlock sample;
  sample.head.kind = kind;
  const auto [first, last] = std::equal_range(
      blocks.begin(), blocks.end(), sample,
      [](const IndexedBlock& a, const IndexedBlock& b) { return a.head.kind < b.head.kind; });
  return {first, last};
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
  index.size_bytes = static_cast<std::uint64_t>(facts.st_size);
  const bool has_head = read_at(file, &index.head, sizeof index.head, 0);
  if (!has_head) {
    // Cut in its very head: as good as none, if it was one.
    index.head = {};
    std::uint64_t magic = 0;
    if (!read_at(file, &magic, sizeof magic, 0) || magic != kFileMagic) {
      return CaptureError::NotACapture;
    }
  } else if (index.head.magic == kFileMagic) {
    if (index.head.version > kFormatVersion) return CaptureError::Newer;
    if (index.head.version < kFormatVersion) return CaptureError::Older;
  }
  Scan(file, index).run();
  if (has_head && index.head.magic != kFileMagic && index.blocks.empty()) {
    return CaptureError::NotACapture;
  }
  check_head(index);
  return CaptureError::None;
}

bool read_block(int file, const IndexedBlock& place, Vector<Word>& words) {
  words.resize(place.used_bytes() / sizeof(Word));
  const std::uint64_t offset = place.offset + sizeof place.head;
  if (!read_at(file, words.data(), words.size() * sizeof(Word), offset)) return false;
  return place.is_window() || checksum_of(place.head, words.data()) == place.head.checksum;
}

}  // namespace pymemflow::report
