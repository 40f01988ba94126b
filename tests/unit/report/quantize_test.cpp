#include "report/dtrace/quantize.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace pymemflow::report {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(Quantize, EveryBucketHoldsItsOwnValue) {
  for (int bucket = 0; bucket < kBucketCount; ++bucket) {
    EXPECT_EQ(bucket_of(Quantize::bucket_value(bucket)), bucket);
  }
}

TEST(Quantize, AValueLiesInTheLargestPowerOfTwoThatIsNotAboveIt) {
  EXPECT_EQ(Quantize::bucket_value(bucket_of(1477)), 1024);
  EXPECT_EQ(Quantize::bucket_value(bucket_of(2047)), 1024);
  EXPECT_EQ(Quantize::bucket_value(bucket_of(2048)), 2048);
  EXPECT_EQ(Quantize::bucket_value(bucket_of(-1477)), -1024);
}

TEST(Quantize, TheExtremesShareTheLastBuckets) {
  EXPECT_EQ(bucket_of(kMax), kBucketCount - 1);
  EXPECT_EQ(bucket_of(kMin), 0);
  EXPECT_EQ(Quantize::bucket_value(kBucketCount - 1), std::int64_t{1} << 62);
}

TEST(Quantize, CountsWrap) {
  Quantize quantize;
  quantize.add(1, kMax);
  quantize.add(1);
  EXPECT_EQ(quantize.count(bucket_of(1)), kMin);
  String rows;
  quantize.draw(rows);
  EXPECT_NE(rows.find("-9223372036854775808"), String::npos);
}

TEST(Quantize, WeighsBucketsNotValues) {
  Quantize quantize;
  quantize.add(3);
  quantize.add(7);
  EXPECT_EQ(quantize.weight(), 6);
}

}  // namespace
}  // namespace pymemflow::report
