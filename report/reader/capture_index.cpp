#include "report/reader/capture_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include "report/reader/file_reads.h"

namespace pymemflow::report {
namespace {

// The bytes of zeros after which the file system is asked for the end of a hole. Nearly every
// capture has shorter gaps, and needs no such call.
constexpr std::uint64_t kZerosBeforeHole = std::uint64_t{1} << 20;

// Enough readings for two that agree: a head is written in less time than it takes to read it.
constexpr int kMaxReads = 16;

std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + kFileAlignment - 1) & ~std::uint64_t{kFileAlignment - 1};
}

// Reads until two readings agree.
template <typename Head>
bool read_stable(int file, Head& head, std::uint64_t offset) {
  if (!read_at(file, &head, sizeof head, offset)) return false;
  for (int i = 0; i < kMaxReads; ++i) {
    Head again;
    if (!read_at(file, &again, sizeof again, offset)) return false;
    if (std::memcmp(&head, &again, sizeof head) == 0) break;
    head = again;
  }
  return true;
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

// Whether a writer is about to make this block, or was killed before it could.
bool is_being_made(const BlockHead& head) {
  return head.magic == 0 || (head.magic == kBlockMagic && head.state == BlockState::Untouched);
}

auto order(const IndexedBlock& block) {
  return std::make_tuple(block.head.kind, block.head.writer, block.head.number);
}

bool comes_first(const IndexedBlock& a, const IndexedBlock& b) {
  return order(a) < order(b);
}

bool is_same_block(const IndexedBlock& a, const IndexedBlock& b) {
  return order(a) == order(b);
}

IndexedBlock sample(BlockKind kind, std::uint32_t writer, std::uint64_t number) {
  IndexedBlock block;
  block.head.kind = kind;
  block.head.writer = writer;
  block.head.number = number;
  return block;
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

bool is_unchanged(int file, const IndexedBlock& block) {
  BlockHead head{};
  if (!read_block_head(file, block.offset, head)) return false;
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
  if (!read_block_head(file, block.offset, head)) return BlockRead::Damaged;
  const bool holds_them = head.state == BlockState::Open || head.state == BlockState::Closed;
  return holds_them && head.number == block.head.number ? BlockRead::Whole : BlockRead::Changed;
}

}  // namespace

std::size_t IndexedBlock::used_bytes() const {
  return is_window() ? head.extent_bytes - sizeof head : head.used_bytes;
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

CaptureError CaptureIndex::update(int file) {
  if (const CaptureError error = read_head(file); error != CaptureError::None) return error;
  for (int i = 0; i < kMaxReads; ++i) {
    if (!look(file)) return CaptureError::Unreadable;
    // A block may be written, and a ring may be overwritten, while the blocks are read one by one.
    if (!may_grow() || (missing() == 0 && damaged_stretches() == 0)) break;
  }
  const bool is_empty = sealed_.empty() && others_.empty();
  if (has_head_ && head_.magic != kFileMagic && is_empty) return CaptureError::NotACapture;
  check_head();
  return CaptureError::None;
}

CaptureError CaptureIndex::read_head(int file) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return CaptureError::Unreadable;
  has_head_ = read_stable(file, head_, 0);
  if (!has_head_) {
    // The file was cut within its head. If it was a capture, it is an empty one.
    head_ = {};
    std::uint64_t magic = 0;
    const bool is_capture = read_at(file, &magic, sizeof magic, 0) && magic == kFileMagic;
    return is_capture ? CaptureError::None : CaptureError::NotACapture;
  }
  // A capture with a damaged head may still have blocks; update() decides.
  if (head_.magic != kFileMagic) return CaptureError::None;
  if (head_.version > kFormatVersion) return CaptureError::Newer;
  return head_.version < kFormatVersion ? CaptureError::Older : CaptureError::None;
}

bool CaptureIndex::look(int file) {
  others_.clear();
  // Reads the windows first: if a window moves on in the meantime, scan() finds its copy.
  look_again(file);
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return false;
  size_bytes_ = static_cast<std::uint64_t>(facts.st_size);
  scan(file, std::max<std::uint64_t>(scanned_bytes_, kFileAlignment), size_bytes_);
  sort();
  return true;
}

void CaptureIndex::look_again(int file) {
  const Vector<std::uint64_t> offsets = std::exchange(changing_, {});
  const Vector<Gap> gaps = std::exchange(gaps_, {});
  for (const std::uint64_t offset : offsets) {
    BlockHead head;
    if (read_block_head(file, offset, head) && is_sane(head)) {
      add(head, offset);
    } else {
      gaps_.push_back({offset, offset + kFileAlignment, !is_being_made(head)});
    }
  }
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    // Adjacent gaps may be one block by now.
    const std::uint64_t offset = gaps[i].offset;
    while (i + 1 < gaps.size() && gaps[i + 1].offset == gaps[i].end) ++i;
    scan(file, offset, gaps[i].end);
  }
}

void CaptureIndex::scan(int file, std::uint64_t offset, std::uint64_t end) {
  BlockHead head;
  bool is_in_damage = false;
  bool is_in_gap = false;
  std::uint64_t zeros = 0;  // bytes of pages without a block, before `offset`
  while (offset + sizeof head <= end && read_block_head(file, offset, head)) {
    if (is_sane(head)) {
      is_in_damage = is_in_gap = false;
      zeros = 0;
      add(head, offset);
      offset += head.extent_bytes;
      continue;
    }
    // A hole is not damage: its writer is about to fill it, or was killed before it could.
    const bool begins_damage = !is_being_made(head) && !is_in_damage;
    is_in_damage = is_in_damage || begins_damage;
    if (!is_in_gap || begins_damage) gaps_.push_back({offset, offset, begins_damage});
    is_in_gap = true;
    offset += kFileAlignment;
    zeros = head.magic == 0 ? zeros + kFileAlignment : 0;
    if (zeros >= kZerosBeforeHole) {
      offset = end_of_hole(file, offset, end);
      zeros = 0;
    }
    gaps_.back().end = offset;
  }
  scanned_bytes_ = std::max(scanned_bytes_, offset);
}

void CaptureIndex::add(const BlockHead& head, std::uint64_t offset) {
  const bool is_sealed = head.state == BlockState::Sealed;
  if (!is_sealed) changing_.push_back(offset);
  if (head.state == BlockState::Reserved) return;
  if (head.kind == BlockKind::Events) {
    if (head.writer >= lost_.size()) lost_.resize(head.writer + 1);
    lost_[head.writer] = std::max(lost_[head.writer], head.lost);
    const bool is_emptied = head.state == BlockState::Emptied;
    std::uint64_t& folded = folded_[head.writer];
    folded = std::max(folded, is_emptied ? head.number : head.number - 1);
  }
  if (head.state == BlockState::Emptied) return;
  (is_sealed ? sealed_ : others_).push_back({head, offset});
}

void CaptureIndex::sort() {
  if (sorted_ < sealed_.size()) {
    const auto middle = sealed_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::sort(middle, sealed_.end(), comes_first);
    if (sorted_ != 0) {
      // std::inplace_merge() would take its buffer from the heap of the host.
      Vector<IndexedBlock> merged;
      merged.reserve(sealed_.size());
      std::merge(sealed_.begin(), middle, middle, sealed_.end(), std::back_inserter(merged),
                 comes_first);
      sealed_ = std::move(merged);
    }
    sealed_.erase(std::unique(sealed_.begin(), sealed_.end(), is_same_block), sealed_.end());
    sorted_ = sealed_.size();
  }
  // Of a block with a checksum and a window of the same number, the block comes first and is kept.
  std::sort(others_.begin(), others_.end(), [](const IndexedBlock& a, const IndexedBlock& b) {
    return std::make_tuple(order(a), a.is_window()) < std::make_tuple(order(b), b.is_window());
  });
  others_.erase(std::unique(others_.begin(), others_.end(), is_same_block), others_.end());
  std::erase_if(others_, [this](const IndexedBlock& block) {
    return std::binary_search(sealed_.begin(), sealed_.end(), block, comes_first);
  });
}

std::span<const IndexedBlock> CaptureIndex::others(BlockKind kind) const {
  const auto [first, last] = std::equal_range(
      others_.begin(), others_.end(), sample(kind, 0, 0),
      [](const IndexedBlock& a, const IndexedBlock& b) { return a.head.kind < b.head.kind; });
  return {first, last};
}

const IndexedBlock* CaptureIndex::find_events(std::uint32_t writer, std::uint64_t number) const {
  const IndexedBlock wanted = sample(BlockKind::Events, writer, number);
  const IndexedBlock* found = nullptr;
  for (const Vector<IndexedBlock>* const blocks : {&sealed_, &others_}) {
    const auto at = std::lower_bound(blocks->begin(), blocks->end(), wanted, comes_first);
    const bool is_his =
        at != blocks->end() && at->head.kind == BlockKind::Events && at->head.writer == writer;
    if (is_his && (found == nullptr || at->head.number < found->head.number)) found = &*at;
  }
  return found;
}

bool CaptureIndex::find_folded(std::uint32_t writer, std::uint64_t& number) const {
  const auto found = folded_.find(writer);
  if (found == folded_.end()) return false;
  number = found->second;
  return true;
}

bool CaptureIndex::are_sums_current(int file) const {
  return std::all_of(changing_.begin(), changing_.end(), [&](std::uint64_t offset) {
    BlockHead head;
    if (!read_block_head(file, offset, head) || head.kind != BlockKind::Events) return true;
    std::uint64_t folded = 0;
    return !find_folded(head.writer, folded) || head.number <= folded + 1;
  });
}

std::uint64_t CaptureIndex::lost() const {
  std::uint64_t lost = head_.lost;
  for (const std::uint64_t count : lost_) lost += count;
  return lost;
}

std::uint64_t CaptureIndex::damaged() const {
  // A block with a damaged head is also missing in its sequence, so it is counted once.
  return damage_of_head_ + std::max(damaged_stretches(), missing());
}

std::uint64_t CaptureIndex::damaged_stretches() const {
  return static_cast<std::uint64_t>(
      std::count_if(gaps_.begin(), gaps_.end(), [](const Gap& gap) { return gap.is_damage; }));
}

// Counts the gaps in the numbers of each writer and kind, and the blocks that are missing after the
// last ones. A ring may begin with any number.
std::uint64_t CaptureIndex::missing() const {
  std::uint64_t gaps = 0;
  std::uint64_t last_numbers = 0;
  const IndexedBlock* before = nullptr;
  const auto visit = [&](const IndexedBlock& block) {
    const BlockHead& head = block.head;
    const bool is_first =
        before == nullptr || before->head.kind != head.kind || before->head.writer != head.writer;
    const bool may_begin_late = head.kind == BlockKind::Events && head_.mode != RecordMode::Full;
    const std::uint64_t expected =
        is_first ? (may_begin_late ? head.number : 1) : before->head.number + 1;
    if (head.number != expected) ++gaps;
    if (is_first && before != nullptr) last_numbers += before->head.number;
    before = &block;
  };
  auto sealed = sealed_.begin();
  auto other = others_.begin();
  while (sealed != sealed_.end() || other != others_.end()) {
    const bool is_sealed_next =
        other == others_.end() || (sealed != sealed_.end() && comes_first(*sealed, *other));
    visit(is_sealed_next ? *sealed++ : *other++);
  }
  if (before != nullptr) last_numbers += before->head.number;
  const bool is_known = head_.end != EndKind::None && head_.end_checksum == checksum_of_end(head_);
  return is_known && last_numbers < head_.last_numbers ? gaps + 1 : gaps;
}

// Corrects wrong values of the head.
void CaptureIndex::check_head() {
  damage_of_head_ = 0;
  if (head_.checksum != checksum_of_start(head_)) {
    ++damage_of_head_;
    const IndexedBlock* const first =
        !others_.empty() ? &others_.front() : (sealed_.empty() ? nullptr : &sealed_.front());
    head_.process = first == nullptr ? 0 : first->head.process;
    head_.mode = others(BlockKind::Sums).empty() ? RecordMode::Full : RecordMode::Sums;
  }
  if (head_.end == EndKind::None) return;
  if (head_.end_checksum != checksum_of_end(head_)) {
    ++damage_of_head_;
    head_.failure = 0;
    head_.lost = 0;
    return;
  }
  if (size_bytes_ < head_.file_bytes) ++damage_of_head_;
}

bool read_block_head(int file, std::uint64_t offset, BlockHead& head) {
  if (!read_at(file, &head, sizeof head, offset)) return false;
  // The state comes before the rest, and becomes Sealed after the rest.
  return head.state == BlockState::Sealed || read_stable(file, head, offset);
}

BlockRead read_block(int file, const IndexedBlock& block, Vector<Word>& words) {
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
