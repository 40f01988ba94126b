#include "report/reader/block_reads.h"

#include <span>

namespace pymemflow::report {
namespace {

std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + kFileAlignment - 1) & ~std::uint64_t{kFileAlignment - 1};
}

// The size of a block that is used in its position.
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

// Counts the words of a window that are completely written. A record of an unknown kind is damage:
// then all words count, so that the reader of the records finds the damage.
std::size_t extent_of(std::span<const Word> words) {
  std::size_t extent = 0;
  while (extent < words.size() && words[extent] != 0) {
    const std::size_t record = record_words(words[extent]);
    if (record == 0 || record > words.size() - extent) return words.size();
    extent += record;
  }
  return extent;
}

// Reads the head of a block in one of the two files.
bool read_head(int file, std::uint64_t offset, BlockHead& head) {
  if (!read_at(file, &head, sizeof head, offset)) return false;
  // The state comes before the rest, and becomes Sealed after the rest.
  return head.state == BlockState::Sealed || read_stable(file, head, offset);
}

bool is_unchanged(int file, const IndexedBlock& block) {
  BlockHead head{};
  if (!read_head(file, block.offset, head)) return false;
  return head.state == block.head.state && head.number == block.head.number;
}

BlockRead read_window(int file, const IndexedBlock& block, Vector<Word>& words) {
  const std::size_t bytes = words.size() * sizeof(Word);
  const std::uint64_t offset = block.offset + sizeof block.head;
  if (!read_at(file, words.data(), bytes, offset)) return BlockRead::Damaged;
  if (block.head.kind == BlockKind::Sums) return BlockRead::Whole;
  // The first word of a record is written last, but the words may be read in any order. So the
  // records that were there at the first reading are whole in the second.
  const std::size_t extent = extent_of(words);
  if (!read_at(file, words.data(), bytes, offset)) return BlockRead::Damaged;
  words.resize(extent);
  BlockHead head{};
  if (!read_head(file, block.offset, head)) return BlockRead::Damaged;
  const bool holds_them = head.state == BlockState::Open || head.state == BlockState::Closed;
  return holds_them && head.number == block.head.number ? BlockRead::Whole : BlockRead::Changed;
}

}  // namespace

std::size_t IndexedBlock::used_bytes() const {
  return is_window() ? head.extent_bytes - sizeof head : head.used_bytes;
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

bool is_being_made(const BlockHead& head) {
  return head.magic == 0 || (head.magic == kBlockMagic && head.state == BlockState::Untouched);
}

bool read_block_head(const CaptureFiles& files, std::uint64_t offset, IndexedBlock& block) {
  block = {.head = {}, .offset = offset, .is_in_windows_file = false};
  bool is_read = false;
  if (files.windows >= 0) {
    is_read = read_head(files.windows, offset, block.head);
    block.is_in_windows_file = is_read && block.head.magic != 0;
    if (block.is_in_windows_file) return true;
  }
  BlockHead head{};
  if (!read_head(files.capture, offset, head)) return is_read;
  block.head = head;
  return true;
}

BlockRead read_block(const CaptureFiles& files, const IndexedBlock& block, Vector<Word>& words) {
  const int file = block.is_in_windows_file ? files.windows : files.capture;
  words.resize(block.used_bytes() / sizeof(Word));
  if (block.is_window()) return read_window(file, block, words);
  const std::uint64_t offset = block.offset + sizeof block.head;
  const bool is_read = read_at(file, words.data(), words.size() * sizeof(Word), offset);
  if (is_read && checksum_of(block.head, words.data()) == block.head.checksum) {
    return BlockRead::Whole;
  }
  return is_unchanged(file, block) ? BlockRead::Damaged : BlockRead::Changed;
}

}  // namespace pymemflow::report
