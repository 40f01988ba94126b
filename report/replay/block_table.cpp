#include "report/replay/block_table.h"

#include <cstring>
#include <new>

namespace pymemflow::report {
namespace {

// A table with this many blocks becomes large. From then on each move takes a five hundredth of it.
constexpr std::uint32_t kMaxSmall = 16384;

// A part is moved when 72 % of its entries are used, or 30 %. 58 % are used after the move.
constexpr std::uint64_t kFullPercent = 72;
constexpr std::uint64_t kSparsePercent = 30;
constexpr std::uint64_t entries_for(std::uint64_t used) {
  return used * 100 / 58;
}

}  // namespace

BlockTable::BlockTable() {
  make_parts(kSmallShift, 0);
}

BlockTable::~BlockTable() {
  for (const Part& part : parts_) end(part);
}

bool BlockTable::put(std::uint64_t address, const LiveBlock& block, LiveBlock& before) {
  const std::uint64_t hashed = hash(address);
  Place place = home_of(hashed);
  if (find(address, hashed, place)) [[unlikely]] {
    Entry& entry = *place.part->entry(place.group, place.index);
    before = block_of(entry);
    if (entry.bytes == kIsLarge) large_.erase(address);
    set(entry, address, block);
    return true;
  }
  Part& part = *place.part;
  set(*add(part, hashed), address, block);
  ++size_;
  if (is_full(part)) [[unlikely]]
    grow(part);
  return false;
}

bool BlockTable::take(std::uint64_t address, LiveBlock& before) {
  const std::uint64_t hashed = hash(address);
  Place place = home_of(hashed);
  Part& part = *place.part;
  if (!find(address, hashed, place)) [[unlikely]]
    return false;
  const Entry& entry = *part.entry(place.group, place.index);
  before = block_of(entry);
  if (entry.bytes == kIsLarge) [[unlikely]]
    large_.erase(address);
  for (std::uint32_t group = home_in(hashed, part.groups); group != place.group;) {
    part.heads[group].pass_back();
    if (++group == part.groups) group = 0;
  }
  part.heads[place.group].flip(place.index, tag_of(hashed));
  --part.used;
  --size_;
  if (is_sparse(part)) [[unlikely]]
    resize(part);
  return true;
}

bool BlockTable::find(std::uint64_t address, std::uint64_t hashed, Place& place) {
  const Part& part = *place.part;
  for (std::uint32_t searched = 0; searched < part.groups; ++searched) {
    const Head& head = part.heads[place.group];
    for (std::uint32_t found = head.with(tag_of(hashed)); found != 0; found &= found - 1) {
      place.index = std::countr_zero(found);
      if (part.entry(place.group, place.index)->address == address) [[likely]]
        return true;
    }
    if (head.passed() == 0) [[likely]]
      break;
    if (++place.group == part.groups) place.group = 0;
  }
  return false;
}

BlockTable::Entry* BlockTable::add(Part& part, std::uint64_t hashed) {
  std::uint32_t group = home_in(hashed, part.groups);
  std::uint32_t free = part.heads[group].with(kFree);
  while (free == 0) {
    part.heads[group].pass();
    if (++group == part.groups) group = 0;
    free = part.heads[group].with(kFree);
  }
  const int index = std::countr_zero(free);
  part.heads[group].flip(index, tag_of(hashed));
  ++part.used;
  return part.entry(group, index);
}

bool BlockTable::fits(const LiveBlock& block) {
  return block.bytes < kIsLarge && block.event >> (63 - kThreadBits) == 0 &&
         block.thread >> kThreadBits == 0;
}

LiveBlock BlockTable::block_of(const Entry& entry) const {
  if (entry.bytes == kIsLarge) [[unlikely]]
    return large_.find(entry.address)->second;
  constexpr std::uint32_t kThreadMask = 0x7fffffff;  // the bits of LiveBlock::thread
  constexpr std::uint64_t kThread = (std::uint64_t{1} << kThreadBits) - 1;
  LiveBlock block = {.bytes = entry.bytes, .event = entry.moment >> (kThreadBits + 1)};
  block.origin = entry.origin;
  block.thread = static_cast<std::uint32_t>(entry.moment & kThread) & kThreadMask;
  block.is_object = entry.moment >> kThreadBits & 1;
  return block;
}

void BlockTable::set(Entry& entry, std::uint64_t address, const LiveBlock& block) {
  entry.address = address;
  entry.origin = block.origin;
  if (fits(block)) [[likely]] {
    entry.moment = (block.event << 1 | block.is_object) << kThreadBits | block.thread;
    entry.bytes = static_cast<std::uint32_t>(block.bytes);
  } else {
    entry.moment = 0;
    entry.bytes = kIsLarge;
    large_[address] = block;
  }
}

bool BlockTable::is_full(const Part& part) {
  return part.used * std::uint64_t{100} > std::uint64_t{part.groups} * kGroupEntries * kFullPercent;
}

bool BlockTable::is_sparse(const Part& part) {
  return part.groups > 1 && part.used * std::uint64_t{100} <
                                std::uint64_t{part.groups} * kGroupEntries * kSparsePercent;
}

std::size_t BlockTable::bytes_of(std::uint32_t groups) {
  return groups * (sizeof(Head) + kGroupEntries * sizeof(Entry));
}

BlockTable::Part BlockTable::make_part(std::uint64_t blocks) {
  const auto groups = static_cast<std::uint32_t>(entries_for(blocks) / kGroupEntries + 1);
  auto* const heads = static_cast<Head*>(allocate(bytes_of(groups)));
  std::memset(heads, 0, groups * sizeof(Head));
  return {heads, groups, 0};
}

void BlockTable::end(const Part& part) {
  release(part.heads, bytes_of(part.groups));
}

void BlockTable::make_parts(int shift, std::uint64_t blocks) {
  part_shift_ = shift;
  parts_.resize(std::size_t{1} << (64 - shift));
  first_part_ = parts_.data();
  for (Part& part : parts_) part = make_part(blocks / parts_.size());
}

void BlockTable::grow(Part& part) {
  if (is_large() || size_ < kMaxSmall) {
    resize(part);
    return;
  }
  const Vector<Part> few = std::move(parts_);
  parts_ = {};
  make_parts(kLargeShift, size_);
  for (const Part& each : few) move_all(each);
}

void BlockTable::resize(Part& part) {
  const Part old = part;
  part = make_part(old.used);
  move_all(old);
}

void BlockTable::move_all(const Part& from) {
  for (std::uint32_t group = 0; group < from.groups; ++group) {
    for (std::uint32_t used = from.heads[group].used(); used != 0; used &= used - 1) {
      const Entry& entry = *from.entry(group, std::countr_zero(used));
      const std::uint64_t hashed = hash(entry.address);
      Part& part = *home_of(hashed).part;
      *add(part, hashed) = entry;
      // New parts are made for an equal number of blocks each, and some get many more.
      if (is_full(part)) [[unlikely]]
        resize(part);
    }
  }
  end(from);
}

}  // namespace pymemflow::report
