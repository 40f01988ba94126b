#include "options/sizes.h"

#include <gtest/gtest.h>

namespace pymemflow::interpose {
namespace {

struct Sample {
  std::string_view text;
  std::uint64_t bytes;
};

TEST(Sizes, AreReadAsPeopleWriteThem) {
  constexpr Sample kSamples[] = {
      {"0", 0},
      {"0.0K", 0},
      {"0.001K", 1},
      {"1", 1},
      {"4096", 4096},
      {"12B", 12},
      {"1K", 1024},
      {"1k", 1024},
      {"2kB", 2000},
      {"2KiB", 2048},
      {"32MiB", 32 << 20},
      {"1.5MB", 1500000},
      {"0.5KiB", 512},
      {"1.25G", 1342177280},
      {"3TB", 3000000000000},
      {"1tib", std::uint64_t{1} << 40},
      {"18446744073709551615", ~std::uint64_t{0}},
  };
  for (const Sample& sample : kSamples) {
    std::uint64_t bytes = 1;
    EXPECT_TRUE(parse_size(sample.text, bytes)) << sample.text;
    EXPECT_EQ(bytes, sample.bytes) << sample.text;
  }
}

TEST(Sizes, AreNothingElse) {
  for (const std::string_view text : {"",
                                      "M",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.",
                                      ".5",
                                      "1.5.2",
                                      "1XB",
                                      "1KBB",
                                      "1iB",
                                      "1e3",
                                      "0x10",
                                      "0.5",
                                      "1.5",
                                      "0.5B",
                                      "1.0",
                                      "0.0001K",
                                      "18446744073709551616",
                                      "99999999999999999999TB",
                                      "20000000TB"}) {
    std::uint64_t bytes = 0;
    EXPECT_FALSE(parse_size(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace pymemflow::interpose
