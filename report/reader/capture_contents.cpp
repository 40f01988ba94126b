#include "report/reader/capture_contents.h"

#include <algorithm>

namespace pymemflow::report {
namespace {

// Limits how often a reading is repeated because windows moved on in the meantime.
constexpr int kMaxReadings = 100;

}  // namespace

CaptureError CaptureContents::poll(std::uint64_t& limit) {
  CaptureError error = index_.update(files_);
  const bool has_to_find = error == CaptureError::None && limit == kNow && index_.may_grow();
  if (has_to_find) {
    // Reads the stamps before the records: an event with a smaller stamp that is not in the file
    // when the records are read was still being recorded.
    error = copy_windows();
    limit = known_limit();
    if (error == CaptureError::None) error = index_.update(files_);
  }
  const std::size_t windows = windows_.count();
  const std::uint64_t position = windows_.position();
  if (error == CaptureError::None) error = take_records();
  // If nothing was recorded between the two readings, they show one moment.
  if (has_to_find && is_unchanged(windows, position)) limit = kNow;
  if (error == CaptureError::None) read_definitions();
  return error;
}

CaptureError CaptureContents::copy_windows() {
  windows_.clear();
  for (int reading = 1; !windows_.take(index_.files(), index_) && reading < kMaxReadings;
       ++reading) {
    if (const CaptureError error = index_.update(files_); error != CaptureError::None) return error;
  }
  return CaptureError::None;
}

CaptureError CaptureContents::take_records() {
  for (int reading = 1; reading < kMaxReadings; ++reading) {
    if (const CaptureError error = copy_windows(); error != CaptureError::None) return error;
    // Finds the blocks of windows that moved on since they were copied. Windows that began after
    // the copy are read by a later poll().
    if (const CaptureError error = index_.update(files_); error != CaptureError::None) return error;
    index_.keep_windows(
        [this](const IndexedBlock& block) { return windows_.find(block) != nullptr; });
    if (index_.head().mode != RecordMode::Sums) break;
    sums_.clear();
    damaged_sums_ = read_sums(index_.files(), index_, sums_);
    if (index_.are_sums_current()) break;
  }
  return CaptureError::None;
}

bool CaptureContents::is_unchanged(std::size_t windows, std::uint64_t position) const {
  const auto blocks = index_.others(BlockKind::Events);
  const auto open = static_cast<std::size_t>(std::count_if(
      blocks.begin(), blocks.end(), [](const IndexedBlock& block) { return block.is_window(); }));
  return open == windows && windows_.count() == windows && windows_.position() == position;
}

std::uint64_t CaptureContents::known_limit() const {
  std::uint64_t limit = windows_.known_limit();
  Vector<Word> words;
  for (const auto blocks : {index_.sealed(), index_.others(BlockKind::Events)}) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const BlockHead& head = blocks[i].head;
      const bool is_last = i + 1 == blocks.size() || blocks[i + 1].head.writer != head.writer;
      const bool is_newest = is_last && index_.find_events(head.writer, head.number + 1) == nullptr;
      if (!is_newest || blocks[i].is_window()) continue;
      if (read_block(index_.files(), blocks[i], words) != BlockRead::Whole) words.clear();
      limit = std::max(limit, report::known_limit(head.stamp, words));
    }
  }
  return limit;
}

void CaptureContents::read_definitions() {
  const auto blocks = index_.others(BlockKind::Definitions);
  // Each number takes a definition of at least two words.
  names_.set_limit(blocks.size() * (kDefinitionBlockWords / 2) + 1);
  definitions_.read(index_.files(), index_);
  // A site may refer to a code that another writer defined in a block that was read before.
  if (index_.may_grow() && definitions_.waiting() != 0) definitions_.read(index_.files(), index_);
}

BlockRead CaptureContents::read(const IndexedBlock& block, Vector<Word>& words) const {
  const Vector<Word>* const copy = windows_.find(block);
  if (copy == nullptr) return read_block(index_.files(), block, words);
  words = *copy;
  return BlockRead::Whole;
}

std::uint64_t CaptureContents::damaged() const {
  std::uint64_t damaged = index_.damaged() + definitions_.damaged();
  // A damaged block of names also damages what refers to them, which is not counted again.
  if (damaged == 0) damaged = names_.damaged() + definitions_.waiting();
  return damaged + damaged_sums_;
}

}  // namespace pymemflow::report
