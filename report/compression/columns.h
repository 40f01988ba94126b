#pragma once
// Splits the words of a capture into columns that compress better than the words. A word of a call
// has a kind, an address and a site (capture/record.h): kinds and sites repeat, addresses repeat
// after a while, and sizes are small numbers. Every sequence of words can be split and joined
// again, whatever it means. docs/internals/capture-format.md describes the columns. Pure.

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/record.h"
#include "report/base/memory.h"

namespace pymemflow::report {

using Bytes = Vector<std::uint8_t>;

struct Columns {
  static constexpr std::size_t kCount = 5;
  // The bytes of an element of each column.
  static constexpr std::size_t kWidths[kCount] = {1, 3, 8, 4, 8};
  enum Column : std::uint8_t {
    IsCall,     // a bit per word: it has a site
    Sites,      // of a call: site and kind
    Others,     // the words that are not calls
    Distances,  // of a call: how many calls ago its address was that of a call; 0: it was not yet
    Addresses,  // of a call whose distance is 0: the difference from the one before
  };
  Bytes bytes[kCount];
};

// At most 2^31 words.
Columns split(std::span<const Word> words);

// False: the columns are not those of words in this number.
bool join(const Columns& columns, std::span<Word> words);

// First all first bytes of the elements, then all second bytes, and so on; and back.
Bytes to_planes(const Bytes& elements, std::size_t width);
Bytes from_planes(const Bytes& planes, std::size_t width);

}  // namespace pymemflow::report
