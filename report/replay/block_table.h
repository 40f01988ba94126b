#pragma once
// The live blocks, by address: a hash table with open addressing. Report side, one thread.
//
// Entries of 24 bytes lie in groups of 15. The head of a group has one byte of each entry's hash,
// so a search reads one head and, nearly always, one entry. An entry that finds its group full goes
// to a following one, and the groups that it passed count it: a search ends at the first group that
// nothing has passed. So entries never move when another one is removed, and no traces of removed
// ones slow down later searches.
//
// The table is divided into parts once it holds more than a few thousand blocks. Each part grows
// and shrinks alone, by about a quarter, so no event waits for the move of all blocks, and the
// table never needs the memory of two of its sizes at once. A block takes 32 to 40 bytes, and the
// memory of freed blocks goes back to the heap.
//
// A search in a large table waits for memory. A caller that knows addresses ahead of their events
// calls prefetch_head() for each, later prefetch_entry(), and looks up the address still later.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct LiveBlock {
  std::uint64_t bytes = 0;
  std::uint64_t event = 0;   // that allocated it
  std::uint32_t origin = 0;  // of the allocation (report/stacks/origins.h)
  std::uint32_t thread : 31 = 0;
  std::uint32_t is_object : 1 = 0;  // a small block of Python's allocators mem and obj
};

class BlockTable {
 public:
  BlockTable();
  ~BlockTable();
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;

  // Adds the block at an address other than 0. True: a block was live there, and is `before` now.
  bool put(std::uint64_t address, const LiveBlock& block, LiveBlock& before);
  // Removes the block, and copies it to `before`. False: no block is live there.
  bool take(std::uint64_t address, LiveBlock& before);

  // Whether a search may have to wait for memory.
  bool is_large() const { return part_shift_ < kSmallShift; }
  // Inlined, because a compiler may take a call of a function without effects away.
  __attribute__((always_inline)) void prefetch_head(std::uint64_t address) const {
    const Place place = home_of(hash(address));
    __builtin_prefetch(place.part->heads + place.group, 1);
  }
  // `is_live`: the address is expected to be live, and the search to find it.
  __attribute__((always_inline)) void prefetch_entry(std::uint64_t address, bool is_live) const {
    const std::uint64_t hashed = hash(address);
    const Place place = home_of(hashed);
    const Head& head = place.part->heads[place.group];
    const std::uint32_t found = head.with(is_live ? tag_of(hashed) : kFree);
    __builtin_prefetch(place.part->entry(place.group, std::countr_zero(found)), 1);
  }

  std::size_t size() const { return size_; }

  // Spreads addresses, which are multiples of 16 and often equally spaced, over all bits. Public,
  // so that a test finds addresses which crowd one part of a table.
  static std::uint64_t hash(std::uint64_t address) {
    std::uint64_t mixed = address * 0x9e3779b97f4a7c15;
    mixed ^= mixed >> 32;
    return mixed * 0xd6e8feb86659fd93;
  }

  // Calls visit(const LiveBlock&) for each live block, unordered.
  template <typename Visit>
  void for_each(Visit visit) const {
    for_each_address([&](std::uint64_t, const LiveBlock& block) { visit(block); });
  }
  // The same with visit(address, const LiveBlock&).
  template <typename Visit>
  void for_each_address(Visit visit) const {
    for (const Part& part : parts_) {
      for (std::uint32_t group = 0; group < part.groups; ++group) {
        for (std::uint32_t used = part.heads[group].used(); used != 0; used &= used - 1) {
          const Entry& entry = *part.entry(group, std::countr_zero(used));
          visit(entry.address, block_of(entry));
        }
      }
    }
  }

 private:
  using Tag = std::uint8_t;
  static constexpr Tag kFree = 0;  // the tag of no entry
  static constexpr unsigned kGroupEntries = 15;
  static constexpr std::uint32_t kAllEntries = (1U << kGroupEntries) - 1;

  struct Entry {
    std::uint64_t address;
    std::uint64_t moment;  // the event, then is_object, then the thread in the low kThreadBits
    std::uint32_t bytes;   // kIsLarge: the block is in `large_`
    std::uint32_t origin;
  };
  static_assert(sizeof(Entry) == 24);

  // The tags of a group's entries, and the number of entries that passed the group; no more than
  // kMaxPassed is counted, or counted back.
  struct Head {
    std::uint64_t low;   // of entries 0 to 7
    std::uint64_t high;  // of entries 8 to 14; in the highest byte those that passed

    static constexpr std::uint64_t kEach = 0x0101010101010101;
    static constexpr std::uint64_t kRest = 0x7f7f7f7f7f7f7f7f;  // all but the highest bits
    static constexpr int kPassedShift = 56;
    static constexpr std::uint64_t kMaxPassed = 255;

    // A bit for each byte that is 0.
    static std::uint32_t zeros(std::uint64_t word) {
      const std::uint64_t highest = ~(((word & kRest) + kRest) | word | kRest);
      return static_cast<std::uint32_t>(highest * 0x0002040810204081 >> 56);
    }
    // A bit for each entry that has this tag.
    std::uint32_t with(Tag tag) const {
      const std::uint64_t pattern = tag * kEach;
      return zeros(low ^ pattern) | (zeros(high ^ pattern) << 8 & kAllEntries);
    }
    std::uint32_t used() const { return with(kFree) ^ kAllEntries; }
    std::uint64_t passed() const { return high >> kPassedShift; }
    void pass() {
      if (passed() != kMaxPassed) high += std::uint64_t{1} << kPassedShift;
    }
    void pass_back() {
      if (passed() != kMaxPassed) high -= std::uint64_t{1} << kPassedShift;
    }
    // `tag` replaces kFree, or is replaced by it.
    void flip(int entry, Tag tag) {
      (entry < 8 ? low : high) ^= std::uint64_t{tag} << entry % 8 * 8;
    }
  };
  static_assert(sizeof(Head) == 16);

  struct Part {
    Head* heads;  // the entries follow
    std::uint32_t groups;
    std::uint32_t used;

    Entry* entry(std::uint32_t group, int index) const {
      return reinterpret_cast<Entry*>(heads + groups) + std::size_t{group} * kGroupEntries +
             static_cast<unsigned>(index);
    }
  };
  struct Place {
    Part* part;
    std::uint32_t group;
    int index;
  };

  // Two parts at first, since their number is that of the values of the highest bits of a hash.
  static constexpr int kSmallShift = 63;
  static constexpr int kLargeShift = 55;
  static constexpr int kThreadBits = 22;  // Linux has no greater thread id
  static constexpr std::uint32_t kIsLarge = ~std::uint32_t{0};

  static Tag tag_of(std::uint64_t hashed) {
    const Tag tag = static_cast<Tag>(hashed >> 14);
    return tag == kFree ? Tag{1} : tag;
  }
  // The group in which an address is searched first. It rises with the hash within a part, so a
  // move goes through the old and the new groups in order.
  static std::uint32_t home_in(std::uint64_t hashed, std::uint32_t groups) {
    return static_cast<std::uint32_t>((hashed >> 22 & 0xffffffff) * groups >> 32);
  }
  Place home_of(std::uint64_t hashed) const {
    Part* const part = first_part_ + (hashed >> part_shift_);
    return {part, home_in(hashed, part->groups), 0};
  }

  static bool fits(const LiveBlock& block);
  LiveBlock block_of(const Entry& entry) const;
  void set(Entry& entry, std::uint64_t address, const LiveBlock& block);
  // False: the address is not there.
  static bool find(std::uint64_t address, std::uint64_t hashed, Place& place);
  // An entry for an address that is not there.
  static Entry* add(Part& part, std::uint64_t hashed);
  static bool is_full(const Part& part);
  static bool is_sparse(const Part& part);
  static std::size_t bytes_of(std::uint32_t groups);
  static Part make_part(std::uint64_t blocks);
  static void end(const Part& part);
  // A part for each value of the bits from `shift` on, for this many blocks in all.
  void make_parts(int shift, std::uint64_t blocks);
  void grow(Part& part);
  void resize(Part& part);
  // Moves the entries of a part that is no longer in the table.
  void move_all(const Part& from);

  Vector<Part> parts_;
  Part* first_part_ = nullptr;
  int part_shift_ = kSmallShift;
  std::size_t size_ = 0;
  // Blocks that do not fit an entry: of 4 GiB and more, or after 2 * 10^12 events.
  HashMap<std::uint64_t, LiveBlock> large_;
};

}  // namespace pymemflow::report
