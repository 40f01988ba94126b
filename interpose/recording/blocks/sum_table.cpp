#include "interpose/recording/blocks/sum_table.h"

#include <atomic>
#include <cerrno>
#include <utility>

#include "capture/buckets.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kFirstSlots = 1024;
// A gigabyte of cells; only address space until they are used.
constexpr std::size_t kMaxBlocks = 16384;

std::size_t hash(Word key) {
  return static_cast<std::size_t>(key * 0x9e3779b97f4a7c15 >> 32);
}

SumCell* cells_of(BlockHead* block) {
  return reinterpret_cast<SumCell*>(block + 1);
}

void put(std::uint64_t& field, std::uint64_t value) {
  // Release: keeps the order of writing, for a reader of the file of a killed process.
  std::atomic_ref(field).store(value, std::memory_order_release);
}

Word key_of(const Event& event) {
  if (traits(event.function).effect == Effect::Release) {
    return sum_key(kNoSite, event.function, kZeroBucket);
  }
  const auto size = static_cast<std::int64_t>(event.size_bytes());
  return sum_key(event.site, event.function, bucket_of(size));
}

bool adds_to_table(Word head) {
  if (kind_of(head) != RecordKind::Extended) return false;
  const ExtendedKind kind = extended_kind(head);
  return kind == ExtendedKind::UsedStack || kind == ExtendedKind::UsedSite;
}

}  // namespace

bool SumTable::fold(std::uint64_t number, std::span<const Word> records, std::uint32_t* used,
                    LastSizes& sizes) {
  std::size_t used_count = 0;
  while (!records.empty()) {
    const std::size_t words = record_words(records[0]);
    if (words == 0 || words > records.size()) break;
    if (is_event(kind_of(records[0]))) {
      Event event;
      if (read_event(records.data(), destination_->site_numbers, sizes, event)) {
        if (used != nullptr && event.site != 0) event.site = used[event.site - 1];
        if (!add(number, event)) return false;
      }
    } else if (used != nullptr && adds_to_table(records[0])) {
      used[used_count++] = extended_number(records[0]);
    }
    records = records.subspan(words);
  }
  return true;
}

bool SumTable::add(std::uint64_t number, const Event& event) {
  const Word key = key_of(event);
  SumCell* cell = find(key);
  if (cell == nullptr) cell = make(key);
  if (cell == nullptr) return false;
  SumCell::Slot* newer = &cell->slots[0];
  SumCell::Slot* older = &cell->slots[1];
  if (older->number > newer->number) std::swap(newer, older);
  if (newer->number != number) {
    // The number first: a slot that is being written must not look valid.
    put(older->number, number);
    put(older->count, newer->count);
    put(older->bytes, newer->bytes);
    newer = older;
  }
  const bool is_release = traits(event.function).effect == Effect::Release;
  put(newer->count, newer->count + 1);
  put(newer->bytes, newer->bytes + (is_release ? 0 : event.size_bytes()));
  return true;
}

SumCell* SumTable::find(Word key) {
  if (index_ == nullptr) return nullptr;
  for (std::size_t i = hash(key);; ++i) {
    SumCell* const cell = index_[i & (index_slots_ - 1)];
    if (cell == nullptr || cell->key == key) return cell;
  }
}

SumCell* SumTable::make(Word key) {
  if (cells_ * 2 >= index_slots_ && !grow_index()) return nullptr;
  const bool has_room = block_count_ != 0 && cells_in_block_ < kSumCells;
  if (!has_room && !make_block()) return nullptr;
  SumCell* const cell = cells_of(blocks_[block_count_ - 1]) + cells_in_block_++;
  put(cell->key, key);
  std::size_t i = hash(key);
  while (index_[i & (index_slots_ - 1)] != nullptr) ++i;
  index_[i & (index_slots_ - 1)] = cell;
  ++cells_;
  return cell;
}

bool SumTable::make_block() {
  if (blocks_ == nullptr) {
    blocks_ = static_cast<BlockHead**>(platform::map_private(kMaxBlocks * sizeof(BlockHead*)));
  }
  if (blocks_ == nullptr || block_count_ == kMaxBlocks) {
    destination_->on_failure(ENOMEM);
    return false;
  }
  BlockHead* const block = open_block(BlockKind::Sums, kBlockBytes, block_count_ + 1);
  if (block == nullptr) return false;
  blocks_[block_count_++] = block;
  cells_in_block_ = 0;
  return true;
}

bool SumTable::grow_index() {
  const std::size_t slots = index_slots_ == 0 ? kFirstSlots : index_slots_ * 2;
  auto* const grown = static_cast<SumCell**>(platform::map_private(slots * sizeof(SumCell*)));
  if (grown == nullptr) {
    destination_->on_failure(ENOMEM);
    return false;
  }
  for (std::size_t i = 0; i < index_slots_; ++i) {
    if (index_[i] == nullptr) continue;
    std::size_t j = hash(index_[i]->key);
    while (grown[j & (slots - 1)] != nullptr) ++j;
    grown[j & (slots - 1)] = index_[i];
  }
  if (index_ != nullptr) platform::unmap(index_, index_slots_ * sizeof(SumCell*));
  index_ = grown;
  index_slots_ = slots;
  return true;
}

void SumTable::close() {
  for (std::size_t i = 0; i < block_count_; ++i) {
    const std::size_t cells = i + 1 == block_count_ ? cells_in_block_ : kSumCells;
    WriterBlocks::close(*blocks_[i], cells * sizeof(SumCell));
  }
}

void SumTable::reopen() {
  for (std::size_t i = 0; i < block_count_; ++i) {
    WriterBlocks::reopen(*blocks_[i]);
  }
}

bool SumTable::visit_areas(bool (CaptureFile::*visit)(BlockHead*, std::size_t)) {
  for (std::size_t i = 0; i < block_count_; ++i) {
    if (!(destination_->file.*visit)(blocks_[i], kBlockBytes)) return false;
  }
  return true;
}

void SumTable::unmap() {
  for (std::size_t i = 0; i < block_count_; ++i) platform::unmap(blocks_[i], kBlockBytes);
  if (blocks_ != nullptr) platform::unmap(blocks_, kMaxBlocks * sizeof(BlockHead*));
  if (index_ != nullptr) platform::unmap(index_, index_slots_ * sizeof(SumCell*));
}

}  // namespace pymemflow::interpose
