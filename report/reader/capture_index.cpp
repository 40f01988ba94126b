#include "report/reader/capture_index.h"

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

// Enough looks at a file that is growing: its blocks are written in less time than it takes to
// look.
constexpr int kMaxLooks = 16;

auto order(const IndexedBlock& block) {
  return std::make_tuple(block.head.kind, block.head.writer, block.head.number);
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

}  // namespace

bool comes_first(const IndexedBlock& a, const IndexedBlock& b) {
  return order(a) < order(b);
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

CaptureError CaptureIndex::update(const CaptureFiles& files) {
  if (const CaptureError error = update_head(files); error != CaptureError::None) return error;
  for (int i = 0; i < kMaxLooks; ++i) {
    if (!look()) return CaptureError::Unreadable;
    // A block may be written, and a ring may be overwritten, while the blocks are read one by one.
    if (!may_grow() || (missing() == 0 && damaged_stretches() == 0)) break;
  }
  const bool is_empty = sealed_.empty() && others_.empty();
  if (has_head_ && head_.magic != kFileMagic && is_empty) return CaptureError::NotACapture;
  check_head();
  return CaptureError::None;
}

CaptureError CaptureIndex::update_head(const CaptureFiles& files) {
  files_ = files;
  std::uint64_t bytes = 0;
  if (!find_size(files_.capture, bytes)) return CaptureError::Unreadable;
  has_head_ = read_stable(files_.capture, head_, 0);
  take_windows_head();
  std::uint64_t unseen = 0;
  const int mapped = files_.windows >= 0 ? files_.windows : files_.capture;
  is_end_unseen_ = read_at(mapped, &unseen, sizeof unseen, kEndUnseenOffset) && unseen != 0;
  if (!read_at(mapped, unseen_, sizeof unseen_, kUnseenOffset))
    std::memset(unseen_, 0, sizeof unseen_);
  if (!has_head_) {
    // The file was cut within its head. If it was a capture, it is an empty one.
    head_ = {};
    std::uint64_t magic = 0;
    const bool is_capture = read_at(files_.capture, &magic, sizeof magic, 0) && magic == kFileMagic;
    return is_capture ? CaptureError::None : CaptureError::NotACapture;
  }
  // A capture with a damaged head may still have blocks; update() decides.
  if (head_.magic != kFileMagic) return CaptureError::None;
  if (head_.version > kFormatVersion) return CaptureError::Newer;
  return head_.version < kFormatVersion ? CaptureError::Older : CaptureError::None;
}

void CaptureIndex::take_windows_head() {
  // Also where the file is cut off before the mark.
  std::uint64_t mark = 1;
  read_at(files_.capture, &mark, sizeof mark, kHasWindowsOffset);
  const bool is_marked =
      has_head_ && head_.magic == kFileMagic && head_.end == EndKind::None && mark != 0;
  // The capture was cut off while it was written.
  const bool is_cut = !has_head_ || head_.magic == 0;
  FileHead beside{};
  const bool has_beside = files_.windows >= 0 && read_stable(files_.windows, beside, 0) &&
                          beside.magic == kWindowsMagic;
  const bool is_of_it = is_cut || (is_marked && beside.checksum == head_.checksum);
  lacks_windows_ = is_marked && !(has_beside && is_of_it);
  if (!has_beside || !is_of_it) {
    files_.windows = -1;
    return;
  }
  head_ = beside;
  head_.magic = kFileMagic;
  has_head_ = true;
}

bool CaptureIndex::look() {
  others_.clear();
  // Reads the windows first: if a window moves on in the meantime, scan() finds its copy.
  look_again();
  size_bytes_ = 0;
  for (const int file : {files_.capture, files_.windows}) {
    std::uint64_t bytes = 0;
    if (file >= 0 && !find_size(file, bytes)) return false;
    size_bytes_ = std::max(size_bytes_, bytes);
  }
  scan(std::max<std::uint64_t>(scanned_bytes_, kFileAlignment), size_bytes_);
  sort();
  return true;
}

void CaptureIndex::look_again() {
  const Vector<std::uint64_t> offsets = std::exchange(changing_, {});
  const Vector<Gap> gaps = std::exchange(gaps_, {});
  for (const std::uint64_t offset : offsets) {
    IndexedBlock block;
    if (read_block_head(files_, offset, block) && is_sane(block.head)) {
      add(block);
    } else {
      gaps_.push_back({offset, offset + kFileAlignment, !is_being_made(block.head)});
    }
  }
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    // Adjacent gaps may be one block by now.
    const std::uint64_t offset = gaps[i].offset;
    while (i + 1 < gaps.size() && gaps[i + 1].offset == gaps[i].end) ++i;
    scan(offset, gaps[i].end);
  }
}

void CaptureIndex::scan(std::uint64_t offset, std::uint64_t end) {
  IndexedBlock block;
  bool is_in_damage = false;
  bool is_in_gap = false;
  std::uint64_t zeros = 0;  // bytes of pages without a block, before `offset`
  while (offset + sizeof block.head <= end && read_block_head(files_, offset, block)) {
    if (is_sane(block.head)) {
      is_in_damage = is_in_gap = false;
      zeros = 0;
      add(block);
      if (is_zero_elsewhere()) check_rest(block);
      offset += block.head.extent_bytes;
      continue;
    }
    // A hole is not damage: its writer is about to fill it, or was killed before it could.
    const bool is_damage = !is_being_made(block.head) || is_damaged_hole(block);
    const bool begins_damage = is_damage && !is_in_damage;
    is_in_damage = is_in_damage || begins_damage;
    if (!is_in_gap || begins_damage) gaps_.push_back({offset, offset, begins_damage});
    is_in_gap = true;
    offset += kFileAlignment;
    zeros = block.head.magic == 0 ? zeros + kFileAlignment : 0;
    if (zeros >= kZerosBeforeHole) {
      offset = end_of_hole(files_, offset, end);
      zeros = 0;
    }
    gaps_.back().end = offset;
  }
  scanned_bytes_ = std::max(scanned_bytes_, offset);
}

void CaptureIndex::add(const IndexedBlock& block) {
  const BlockHead& head = block.head;
  const bool is_sealed = head.state == BlockState::Sealed;
  if (!is_sealed) changing_.push_back(block.offset);
  if (head.state == BlockState::Reserved) return;
  if (head.kind == BlockKind::Events) {
    if (head.writer >= lost_.size()) lost_.resize(head.writer + 1);
    lost_[head.writer] = std::max(lost_[head.writer], head.lost);
    const bool is_emptied = head.state == BlockState::Emptied;
    std::uint64_t& folded = folded_[head.writer];
    folded = std::max(folded, is_emptied ? head.number : head.number - 1);
  }
  if (head.state == BlockState::Emptied) return;
  (is_sealed ? sealed_ : others_).push_back(block);
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
    const bool is_of_writer =
        at != blocks->end() && at->head.kind == BlockKind::Events && at->head.writer == writer;
    if (is_of_writer && (found == nullptr || at->head.number < found->head.number)) found = &*at;
  }
  return found;
}

bool CaptureIndex::find_folded(std::uint32_t writer, std::uint64_t& number) const {
  const auto found = folded_.find(writer);
  if (found == folded_.end()) return false;
  number = found->second;
  return true;
}

bool CaptureIndex::are_sums_current() const {
  return std::all_of(changing_.begin(), changing_.end(), [&](std::uint64_t offset) {
    IndexedBlock block;
    const BlockHead& head = block.head;
    if (!read_block_head(files_, offset, block) || head.kind != BlockKind::Events) return true;
    std::uint64_t folded = 0;
    return !find_folded(head.writer, folded) || head.number <= folded + 1;
  });
}

}  // namespace pymemflow::report
