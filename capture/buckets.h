#pragma once
// The power-of-two buckets of DTrace's quantize(), by number. Pure.

#include <bit>
#include <cstdint>

namespace pymemflow {

// Bucket 63 is for zero, bucket 63 + k + 1 for [2^k, 2^(k+1)), and bucket 63 - k - 1 for its mirror
// image. Values of 2^62 and more share the last bucket, so that every 64-bit value has one.
inline constexpr int kBucketCount = 127;
inline constexpr int kZeroBucket = 63;

constexpr int bucket_of(std::int64_t value) {
  if (value == 0) return kZeroBucket;
  const auto bits = static_cast<std::uint64_t>(value);
  const std::uint64_t magnitude = value < 0 ? 0 - bits : bits;
  const int exponent = static_cast<int>(std::bit_width(magnitude)) - 1;
  const int distance = (exponent > 62 ? 62 : exponent) + 1;
  return value < 0 ? kZeroBucket - distance : kZeroBucket + distance;
}

}  // namespace pymemflow
