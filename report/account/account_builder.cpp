#include "report/account/account_builder.h"

#include <algorithm>

namespace pymemflow::report {
namespace {

// glibc: a chunk has a head of 8 bytes before the block, and 16 bytes more for a mapping of its
// own.
constexpr std::uint64_t kChunkHead = 8;
constexpr std::uint64_t kChunkAlignment = 16;
constexpr std::uint64_t kSmallestChunk = 32;

std::uint64_t chunk_bytes(std::uint64_t bytes) {
  const std::uint64_t all = bytes + kChunkHead + kChunkAlignment - 1;
  return std::max(kSmallestChunk, all - all % kChunkAlignment);
}

// Guards of stacks are small.
constexpr std::uint64_t kLargestGuard = std::uint64_t{1} << 20;

// A damaged record may have blocks that cover everything.
constexpr std::size_t kMostAreasOfBlock = 64;

constexpr std::uint64_t kLastAddress = std::uint64_t{1} << 57;

bool is_possible(const AccountBlock& block) {
  return block.bytes != 0 && block.bytes < kLastAddress && block.address >= kChunkHead &&
         block.address < kLastAddress;
}

// The memory that glibc takes for a block, and its first and last page.
struct Chunk {
  Chunk(const AccountBlock& block, const ProcessMap& map)
      : start(block.address - kChunkHead),
        end(start + chunk_bytes(block.bytes)),
        first(map.page_of(start)),
        last(map.page_of(end - 1)) {}
  // The bytes in [from, to), which it touches.
  std::uint64_t bytes_in(std::uint64_t from, std::uint64_t to) const {
    return std::min(end, to) - std::max(start, from);
  }

  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t first;
  std::uint64_t last;
};

}  // namespace

void AccountBuilder::add_range(const AccountRange& range) {
  claims_.add({.start = range.start,
               .end = range.end,
               .part = range.part,
               .row = static_cast<std::uint32_t>(ranges_.size())});
  ranges_.push_back(range);
}

void AccountBuilder::note_small_block(std::uint64_t address) {
  if (claims_.find(address) != nullptr) return;
  if (!small_regions_.try_emplace(address / Claims::kHeapBytes, true).second) return;
  claims_.add_heap_around(map_, address);
}

std::uint64_t AccountBuilder::resident_bytes(std::uint64_t start, std::uint64_t end) const {
  const std::uint64_t page = map_.page_bytes();
  const std::uint64_t first = map_.page_of(start);
  const std::uint64_t last = map_.page_of(end - 1);
  if (first == last) return is_resident(first) ? end - start : 0;
  std::uint64_t bytes = map_.resident_in(first + page, last);
  if (is_resident(first)) bytes += first + page - start;
  if (is_resident(last)) bytes += end - last;
  return bytes;
}

void AccountBuilder::add_block(const AccountBlock& block) {
  if (!is_possible(block)) return;
  Claim* const claim = claims_.find(block.address);
  const std::uint64_t resident = resident_bytes(block.address, block.address + block.bytes);
  if (claim != nullptr && claim->part == AccountPart::arenas) {
    objects_ += resident;
    return;
  }
  live_ += resident;
  ByOrigin& own = by_origin_[block.origin];
  if (own.live == 0 && resident != 0) origins_.push_back(block.origin);
  own.live += resident;
  if (block.is_leaked) {
    leaked_ += resident;
    own.leaked += resident;
  }
  if (claim == nullptr || claim->is_heap) {
    cover(block, claim != nullptr);
    (claim != nullptr ? heap_blocks_ : outside_blocks_) += resident;
  } else {
    claim->used_by_blocks += resident;
  }
}

void AccountBuilder::cover(const AccountBlock& block, bool is_in_heap) {
  const std::uint64_t page = map_.page_bytes();
  const Chunk chunk(block, map_);
  const std::uint64_t block_end = block.address + block.bytes;
  auto& pages = is_in_heap ? heap_pages_ : other_pages_;
  const auto add = [&](std::uint64_t at) {
    if (!is_resident(at)) return;
    const auto [found, is_new] = pages.try_emplace(at);
    if (is_new && !is_in_heap) note_block_pages(at, at + page);
    found->second.covered += chunk.bytes_in(at, at + page);
    const std::uint64_t from = std::max(block.address, at);
    const std::uint64_t to = std::min(block_end, at + page);
    if (to > from) found->second.blocks += to - from;
  };
  add(chunk.first);
  if (chunk.last != chunk.first) add(chunk.last);
  if (chunk.last <= chunk.first + page) return;
  if (is_in_heap) {
    whole_heap_pages_ += map_.resident_in(chunk.first + page, chunk.last);
  } else {
    note_block_pages(chunk.first + page, chunk.last);
  }
}

// A block may lie in several areas: a program advises the kernel on parts of it.
void AccountBuilder::note_block_pages(std::uint64_t start, std::uint64_t end) {
  const Vector<MapArea>& areas = map_.areas();
  const MapArea* area = map_.first_from(start);
  std::size_t left = kMostAreasOfBlock;
  for (; area != areas.data() + areas.size() && area->start < end && left-- != 0; ++area) {
    const std::uint64_t bytes =
        map_.resident_in(std::max(start, area->start), std::min(end, area->end));
    block_pages_[area] += bytes;
    outside_pages_ += bytes;
  }
}

// A page is pinned by all of its blocks, each by its part of what is used.
void AccountBuilder::add_pin(const AccountBlock& block) {
  if (!is_possible(block)) return;
  const std::uint64_t page = map_.page_bytes();
  const Chunk chunk(block, map_);
  for (const std::uint64_t at : {chunk.first, chunk.last}) {
    const auto found = heap_pages_.find(at);
    if (found != heap_pages_.end() && found->second.covered < page) {
      by_origin_[block.origin].pinned +=
          (page - found->second.covered) * chunk.bytes_in(at, at + page) / found->second.covered;
    }
    if (chunk.first == chunk.last) break;
  }
}

AccountBuilder::Result AccountBuilder::finish() {
  Result result;
  Account& account = result.account;
  account.is_known = true;
  account.resident = map_.resident_bytes();
  account.peak = map_.peak_bytes();
  account.of(AccountPart::blocks) = live_;
  account.leaked = leaked_;
  account.objects = objects_;
  for (const OriginId origin : origins_) {
    const ByOrigin& own = by_origin_[origin];
    result.blocks.take(origin, own.live);
    result.leaked.take(origin, own.leaked);
    result.pinned.take(origin, own.pinned);
  }
  add_claims(result);
  add_heaps(account);
  add_areas(account);
  std::uint64_t explained = 0;
  for (const std::uint64_t part : account.bytes) explained += part;
  account.of(AccountPart::unexplained) +=
      account.resident > explained ? account.resident - explained : 0;
  return result;
}

void AccountBuilder::add_claims(Result& result) {
  HashMap<std::uint32_t, Library> libraries;
  HashMap<OriginId, std::uint64_t> arenas;
  HashMap<OriginId, std::uint64_t> files;
  HashMap<std::uint64_t, std::uint64_t> by_library;
  for (const Claim& claim : claims_.all()) {
    if (claim.is_heap) continue;
    const std::uint64_t resident = map_.resident_in(claim.start, claim.end);
    const std::uint64_t bytes = resident - std::min(resident, claim.used_by_blocks);
    // A file is counted by its area. Shared memory of a descriptor may have none.
    const MapArea* const area = map_.find(claim.start);
    const bool is_by_area =
        claim.part == AccountPart::files && area != nullptr && area->kind == AreaKind::File;
    if (!is_by_area) result.account.of(claim.part) += bytes;
    if (claim.row == Claim::kNoRow) continue;
    const AccountRange& range = ranges_[claim.row];
    if (claim.part == AccountPart::arenas) {
      result.arenas.take(range.origin, arenas[range.origin] += bytes);
    } else if (claim.part == AccountPart::files) {
      result.account.mapped_files += bytes;
      result.files.take(range.origin, files[range.origin] += bytes);
    } else if (claim.part == AccountPart::libraries) {
      Library& library = libraries[range.library];
      library.number = range.library;
      library.bytes += bytes;
      const std::uint64_t key = std::uint64_t{range.library} << 32 | range.origin;
      library.holder.take(range.origin, by_library[key] += bytes);
    }
  }
  for (const auto& [number, library] : libraries) {
    if (library.bytes != 0) result.libraries.push_back(library);
  }
}

// Of heaps and blocks outside of them: everything but the bytes of the blocks.
void AccountBuilder::add_heaps(Account& account) const {
  const std::uint64_t page = map_.page_bytes();
  std::uint64_t resident = 0;
  for (const Claim& claim : claims_.all()) {
    if (claim.is_heap) resident += map_.resident_in(claim.start, claim.end);
  }
  std::uint64_t used = whole_heap_pages_;  // pages with a live block
  std::uint64_t free_in_used = 0;
  std::uint64_t heads = 0;
  for (const auto& [address, at] : heap_pages_) {
    used += page;
    const std::uint64_t covered = std::min(at.covered, page);
    if (covered < page) account.pinning += at.blocks;
    free_in_used += page - covered;
    heads += covered - std::min(at.blocks, covered);
  }
  const AccountPart pinned = is_forked_child_ ? AccountPart::parents : AccountPart::pinned;
  const AccountPart free = is_forked_child_ ? AccountPart::parents : AccountPart::free;
  account.of(pinned) += free_in_used;
  account.of(free) += resident - std::min(resident, used);
  account.of(AccountPart::allocator) +=
      heads + (outside_pages_ - std::min(outside_pages_, outside_blocks_));
}

void AccountBuilder::add_areas(Account& account) {
  for (const MapArea& note : map_.notes()) {
    if (note.kind == AreaKind::Thread) threads_.push_back(note.start);
  }
  std::sort(threads_.begin(), threads_.end());
  HashMap<const MapArea*, std::uint64_t> claimed = block_pages_;
  const Vector<MapArea>& areas = map_.areas();
  for (const Claim& claim : claims_.all()) {
    const MapArea* area = map_.first_from(claim.start);
    for (; area != areas.data() + areas.size() && area->start < claim.end; ++area) {
      // Mapped parts of a file count with its area.
      if (claim.part == AccountPart::files && area->kind == AreaKind::File) continue;
      claimed[area] +=
          map_.resident_in(std::max(claim.start, area->start), std::min(claim.end, area->end));
    }
  }
  for (std::size_t i = 0; i < areas.size(); ++i) {
    const auto found = claimed.find(&areas[i]);
    const std::uint64_t taken = found == claimed.end() ? 0 : found->second;
    account.of(part_of(i)) += areas[i].resident - std::min(areas[i].resident, taken);
  }
}

// The part of what is not claimed in an area.
AccountPart AccountBuilder::part_of(std::size_t index) const {
  const Vector<MapArea>& areas = map_.areas();
  const MapArea& area = areas[index];
  const MapArea* const before =
      index != 0 && areas[index - 1].end == area.start ? &areas[index - 1] : nullptr;
  switch (area.kind) {
    case AreaKind::File:
    case AreaKind::System:
      return AccountPart::files;
    case AreaKind::Stack:
      return AccountPart::stacks;
    case AreaKind::Anonymous:
      break;
    default:
      return AccountPart::unexplained;
  }
  const auto thread = std::lower_bound(threads_.begin(), threads_.end(), area.start);
  if (thread != threads_.end() && *thread < area.end) return AccountPart::stacks;
  if (before != nullptr && before->kind == AreaKind::Inaccessible &&
      before->bytes() <= kLargestGuard) {
    return AccountPart::stacks;
  }
  // The variables of a library that are 0 at the start follow its file.
  if (before != nullptr && before->kind == AreaKind::File) return AccountPart::files;
  return is_forked_child_ ? AccountPart::parents : AccountPart::unexplained;
}

}  // namespace pymemflow::report
