#pragma once
// The statistics of `pymemflow overhead`. Each round runs the program bare and under every tool,
// and a ratio is that of two runs of one round. So a drift of the machine's speed affects both
// alike. docs/overhead.md explains the terms to users. Pure.

#include <span>
#include <vector>

namespace pymemflow::cli::overhead {

// The median of some values, and its confidence interval: the k-th smallest to the k-th largest
// value, for the greatest k with which the interval holds the true median in 95 % of all cases.
// Fewer than six values cannot reach that: then it is their whole range. Assumes no distribution.
struct Estimate {
  double median = 0;
  double low = 0;
  double high = 0;
};
Estimate estimate(std::vector<double> values);

// Each value of `numerators` divided by that of `denominators`. Both have the same size.
std::vector<double> ratios(std::span<const double> numerators,
                           std::span<const double> denominators);

// The greatest ratio that no tool is the reason for: by how much the second bare run of a round
// differs from the first, and by how much a tool makes the program faster, which no tool does.
double noise_of(const Estimate& bare_again, std::span<const Estimate> tools);

// True if the rounds do not show that the ratio differs from 1.
bool is_within(const Estimate& ratio, double noise);

}  // namespace pymemflow::cli::overhead
