#pragma once
// A distribution over powers of two, and the rows in which DTrace's quantize() draws it. Pure: no
// input, no output, no state but its own. Report side.

#include <array>
#include <cstdint>

#include "capture/buckets.h"
#include "report/base/memory.h"

namespace pymemflow::report {

class Quantize {
 public:
  static std::int64_t bucket_value(int bucket);

  // Counts wrap, as the kernel's do.
  void add(std::int64_t value, std::int64_t weight = 1);
  void add_to_bucket(int bucket, std::int64_t weight);
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
