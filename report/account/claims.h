#pragma once
// The ranges of addresses whose use is known, for an account: disjoint and sorted. Report side, one
// thread.

#include <cstddef>
#include <cstdint>

#include "report/account/account.h"
#include "report/reader/process_map.h"

namespace pymemflow::report {

// A range that is used for a part of the account. Heaps count for several parts.
struct Claim {
  static constexpr std::uint32_t kNoRow = ~std::uint32_t{0};

  std::uint64_t start = 0;
  std::uint64_t end = 0;
  AccountPart part = AccountPart::unexplained;
  bool is_heap = false;
  std::uint32_t row = kNoRow;        // the caller's number
  std::uint64_t used_by_blocks = 0;  // resident bytes of live blocks in it
};

class Claims {
 public:
  // Ranges that were mapped by calls, in any order.
  void add(const Claim& claim) { claims_.push_back(claim); }
  // Adds what the map says itself: the library's own memory, the heap of brk(), and those that the
  // C library has mapped for other threads.
  void add_from(const ProcessMap& map);
  // Adds the memory around an address as a heap: a block is there that is too small for a mapping
  // of its own, and nothing else is known of the address.
  void add_heap_around(const ProcessMap& map, std::uint64_t address);
  // Sorts the ranges. Where two overlap, the one that begins first counts, and heaps count last.
  void sort();

  // After sort(). Null: nothing is known of the address.
  Claim* find(std::uint64_t address);
  const Vector<Claim>& all() const { return claims_; }

  // The heaps of threads begin at multiples of this (glibc).
  static constexpr std::uint64_t kHeapBytes = std::uint64_t{64} << 20;

 private:
  void add_heap(std::uint64_t start, std::uint64_t end);

  Vector<Claim> claims_;
  Vector<Claim> heaps_;  // that sort() will add
  std::size_t latest_ = 0;
};

}  // namespace pymemflow::report
