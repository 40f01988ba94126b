#include "cli/overhead/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pymemflow::cli::overhead {
namespace {

// The number of values that lie outside of the interval on each of its sides. The true median is
// below the k-th smallest of n values in one of 2^n / (sum of n over i, for i < k) cases.
std::size_t left_out_on_each_side(std::size_t count) {
  double chance = std::pow(0.5, static_cast<double>(count));  // of exactly `k` values on one side
  double outside = 0;
  for (std::size_t k = 0; k < count / 2; ++k) {
    outside += 2 * chance;
    if (outside > 0.05) return k == 0 ? 0 : k - 1;
    chance *= static_cast<double>(count - k) / static_cast<double>(k + 1);
  }
  return 0;
}

double distance_from_1(double ratio) {
  return ratio <= 0 ? 1 : std::max(ratio, 1 / ratio);
}

}  // namespace

Estimate estimate(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  const std::size_t outside = left_out_on_each_side(count);
  return {.median = (values[(count - 1) / 2] + values[count / 2]) / 2,
          .low = values[outside],
          .high = values[count - 1 - outside]};
}

std::vector<double> ratios(std::span<const double> numerators,
                           std::span<const double> denominators) {
  std::vector<double> values;
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    values.push_back(denominators[i] > 0 ? numerators[i] / denominators[i] : 1);
  }
  return values;
}

double noise_of(const Estimate& bare_again, std::span<const Estimate> tools) {
  double noise = distance_from_1(bare_again.median);
  for (const Estimate& tool : tools) {
    if (tool.median < 1) noise = std::max(noise, distance_from_1(tool.median));
  }
  return noise;
}

bool is_within(const Estimate& ratio, double noise) {
  return (ratio.low <= 1 && ratio.high >= 1) || distance_from_1(ratio.median) <= noise;
}

}  // namespace pymemflow::cli::overhead
