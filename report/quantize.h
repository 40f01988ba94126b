#pragma once
// A distribution over powers of two, and the rows in which DTrace's quantize() draws it. Pure: no
// input, no output, no state but its own. Report side.

#include <array>
#include <cstdint>

#include "report/memory.h"

namespace pymemflow::report {

class Quantize {
 public:
  // Bucket 63 holds zero; 63 + k + 1 holds [2^k, 2^(k+1)), 63 - k - 1 its mirror image. What is
  // 2^62 and more shares the last bucket, so that every 64-bit value has one.
  static constexpr int kBucketCount = 127;
  static constexpr int kZeroBucket = 63;

  static int bucket_of(std::int64_t value);
  static std::int64_t bucket_value(int bucket);

  // Counts wrap, as the kernel's do.
  void add(std::int64_t value, std::int64_t weight = 1);
  std::int64_t count(int bucket) const { return counts_[bucket]; }

  // Bucket values times counts, by which DTrace orders records whose sums are equal. In long
  // double, because that is what it computes in.
  long double weight() const;

  // Appends the heading and the rows, with no blank line after them.
  void draw(String& out) const;

 private:
  std::array<std::int64_t, kBucketCount> counts_ = {};
};

}  // namespace pymemflow::report
