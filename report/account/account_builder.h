#pragma once
// Builds the account of a process: puts its live blocks and its mappings beside the resident pages
// of its map. Each page counts once, and within a page of a heap each byte. Report side, one
// thread.
//
// The library knows what the program asked for, not how the C library keeps it: the heads of blocks
// and the pages of the heaps follow from glibc's rules, so those parts are estimates. Blocks from
// before the recording are unknown: their memory counts as free.
//
// Call add_range() and then begin(); add_block() for each live block; add_pin() for the same
// blocks; then finish().

#include <cstdint>

#include "report/account/account.h"
#include "report/account/claims.h"
#include "report/reader/per_site.h"
#include "report/reader/process_info.h"
#include "report/reader/process_map.h"
#include "report/stacks/origins.h"

namespace pymemflow::report {

struct AccountBlock {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  OriginId origin = 0;
  bool is_leaked = false;
};

// A range that was mapped by a call. `library` is a number of the caller's.
struct AccountRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  AccountPart part = AccountPart::libraries;
  std::uint32_t library = 0;
  OriginId origin = 0;
};

class AccountBuilder {
 public:
  // The map is borrowed.
  AccountBuilder(const ProcessMap& map, bool is_forked_child)
      : map_(map), is_forked_child_(is_forked_child) {}

  void add_range(const AccountRange& range);
  // The ranges are complete. `for_each_small_block` calls its argument with the address of each
  // live block that is too small for a mapping of its own.
  template <typename ForEach>
  void begin(ForEach for_each_small_block) {
    claims_.add_from(map_);
    claims_.sort();
    for_each_small_block([this](std::uint64_t address) { note_small_block(address); });
    claims_.sort();
  }
  void add_block(const AccountBlock& block);
  void add_pin(const AccountBlock& block);

  // The resident bytes of an origin in a part, for the names of the holders.
  struct Holder {
    OriginId origin = 0;
    std::uint64_t bytes = 0;

    void take(OriginId other, std::uint64_t others_bytes) {
      if (others_bytes > bytes) *this = {other, others_bytes};
    }
  };
  struct Library {
    std::uint32_t number = 0;
    std::uint64_t bytes = 0;
    Holder holder;
  };
  struct Result {
    Account account;  // without its holders and libraries
    Holder leaked, blocks, arenas, pinned, files;
    Vector<Library> libraries;  // unordered
  };
  Result finish();

  // The smallest size from which glibc may give a block a mapping of its own.
  static constexpr std::uint64_t kSmallestMapped = std::uint64_t{128} << 10;

 private:
  // In a damaged record any number of blocks lie in one page.
  struct Page {
    std::uint64_t covered = 0;  // by chunks of live blocks, their heads included
    std::uint64_t blocks = 0;   // bytes of the blocks
  };
  struct ByOrigin {
    std::uint64_t live = 0;
    std::uint64_t leaked = 0;
    std::uint64_t pinned = 0;
  };

  void note_small_block(std::uint64_t address);
  // The resident bytes of [start, end), to the byte.
  std::uint64_t resident_bytes(std::uint64_t start, std::uint64_t end) const;
  bool is_resident(std::uint64_t page) const {
    return map_.resident_in(page, page + map_.page_bytes()) != 0;
  }
  void cover(const AccountBlock& block, bool is_in_heap);
  // Whole pages outside of all claims have a block.
  void note_block_pages(std::uint64_t start, std::uint64_t end);
  void add_claims(Result& result);
  void add_areas(Account& account);
  AccountPart part_of(std::size_t area) const;
  void add_heaps(Account& account) const;

  const ProcessMap& map_;
  const bool is_forked_child_;
  Claims claims_;
  Vector<AccountRange> ranges_;  // by Claim::row
  HashMap<std::uint64_t, bool> small_regions_;
  HashMap<std::uint64_t, Page> heap_pages_;   // with a live block, by address
  HashMap<std::uint64_t, Page> other_pages_;  // likewise, outside of all claims
  std::uint64_t whole_heap_pages_ = 0;        // bytes of pages inside of one block
  PerSite<ByOrigin> by_origin_;
  Vector<OriginId> origins_;
  Vector<std::uint64_t> threads_;  // addresses in their stacks
  std::uint64_t live_ = 0;
  std::uint64_t leaked_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t heap_blocks_ = 0;
  // Outside of all claims, by area of the map: bytes of the pages of blocks.
  HashMap<const MapArea*, std::uint64_t> block_pages_;
  std::uint64_t outside_pages_ = 0;   // all of these
  std::uint64_t outside_blocks_ = 0;  // bytes of the blocks in them
};

}  // namespace pymemflow::report
