// The part of the index that judges: what is lost, missing or damaged in a capture.

#include <algorithm>

#include "report/reader/capture_index.h"

namespace pymemflow::report {

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

}  // namespace pymemflow::report
