#include "report/replay/steady_growth.h"

#include <algorithm>
#include <cmath>

#include "report/base/memory.h"

namespace pymemflow::report {
namespace {

// Changes of the whole process that differ by less are alike: a few objects of the interpreter.
constexpr double kAlikeBytes = 1024;
// Neighbouring rounds are joined above this number, since the slopes of all pairs are compared.
constexpr std::size_t kMostLevels = 64;
// Of the normal distribution, for an interval of 99 %.
constexpr double kDeviations = 2.576;

// Reorders the values. The lower one of the two in the middle, if their number is even.
double median(Vector<double>& values) {
  const std::size_t middle = (values.size() - 1) / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle),
                   values.end());
  return values[middle];
}

// The change of a usual steady round, and how far others may be from it.
struct Usual {
  double change = 0;
  double tolerance = 0;

  bool fits(std::int64_t value) const {
    return std::abs(static_cast<double>(value) - change) <= tolerance;
  }
};

Usual usual_change(std::span<const std::int64_t> changes) {
  const std::size_t half = std::max(kFewestRounds, (changes.size() + 1) / 2);
  Vector<double> late;
  for (const std::int64_t change : changes.last(half)) late.push_back(static_cast<double>(change));
  const double middle = median(late);
  for (double& change : late) change = std::abs(change - middle);
  return {middle, std::max({4 * median(late), std::abs(middle) / 4, kAlikeBytes})};
}

struct Joined {
  Vector<std::int64_t> changes;
  std::size_t rounds = 1;  // in each of them
};

// The first rounds are left out where they do not fill a group.
Joined joined(std::span<const std::int64_t> changes) {
  Joined all;
  all.rounds = (changes.size() + kMostLevels - 2) / (kMostLevels - 1);
  all.rounds = std::max<std::size_t>(all.rounds, 1);
  for (std::size_t i = changes.size() % all.rounds; i < changes.size(); i += all.rounds) {
    std::int64_t sum = 0;
    for (const std::int64_t change : changes.subspan(i, all.rounds)) sum += change;
    all.changes.push_back(sum);
  }
  return all;
}

Slope slope_of(const Joined& all) {
  Vector<double> levels = {0};
  for (const std::int64_t change : all.changes) {
    levels.push_back(levels.back() + static_cast<double>(change));
  }
  Vector<double> slopes;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    for (std::size_t j = i + 1; j < levels.size(); ++j) {
      slopes.push_back((levels[j] - levels[i]) / static_cast<double>((j - i) * all.rounds));
    }
  }
  std::sort(slopes.begin(), slopes.end());
  // The interval of Kendall's statistic, as Sen has it.
  const auto count = static_cast<double>(levels.size());
  const double deviation = std::sqrt(count * (count - 1) * (2 * count + 5) / 18);
  const double outside = (static_cast<double>(slopes.size()) - kDeviations * deviation) / 2;
  const std::size_t cut = outside > 0 ? static_cast<std::size_t>(outside) : 0;
  const std::size_t middle = slopes.size() / 2;
  const double slope =
      slopes.size() % 2 != 0 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2;
  return {slope, slopes[cut], slopes[slopes.size() - 1 - cut]};
}

// The rounds in which a series grew.
struct Grown {
  std::size_t count = 0;
  std::size_t late = 0;           // in the second half
  std::size_t rest = 0;           // rounds after the latest one
  std::size_t longest_pause = 1;  // from one to the next

  explicit Grown(std::span<const std::int64_t> changes) {
    std::size_t latest = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (changes[i] <= 0) continue;
      if (count++ != 0) longest_pause = std::max(longest_pause, i - latest);
      if (2 * i >= changes.size()) ++late;
      latest = i;
    }
    if (count != 0) rest = changes.size() - 1 - latest;
  }
  bool has_stopped() const { return rest >= 2 && rest >= 2 * longest_pause; }
};

// Four rounds or more.
bool goes_on(std::span<const std::int64_t> changes) {
  const Grown grown(changes);
  if (grown.count < kSureRounds || grown.late < 2 || 5 * grown.late <= grown.count) return false;
  return !grown.has_stopped();
}

}  // namespace

std::size_t warm_up_rounds(std::span<const std::int64_t> changes) {
  if (changes.size() <= kFewestRounds) return 0;
  const Usual usual = usual_change(changes);
  auto odd = static_cast<std::size_t>(std::count_if(
      changes.begin(), changes.end(), [&](std::int64_t change) { return !usual.fits(change); }));
  for (std::size_t first = 0; first + kFewestRounds <= changes.size(); ++first) {
    const bool is_usual = usual.fits(changes[first]);
    if (is_usual && 4 * odd <= changes.size() - first) return first;
    if (!is_usual) --odd;
  }
  return 0;  // it never levels off: the series is noisy, or periodic
}

SteadyGrowth steady_growth(std::span<const std::int64_t> changes) {
  SteadyGrowth growth;
  if (changes.size() < kFewestRounds) return growth;
  const auto is_growth = [](std::int64_t change) { return change > 0; };
  growth.grown = static_cast<std::size_t>(std::count_if(changes.begin(), changes.end(), is_growth));
  growth.confidence = changes.size() < kSureRounds ? Confidence::Low : Confidence::High;
  if (growth.grown < std::min(changes.size(), kSureRounds)) return growth;
  growth.slope = slope_of(joined(changes));
  if (changes.size() < kSureRounds) {
    growth.grows = true;
    const auto [least, most] = std::minmax_element(changes.begin(), changes.end());
    growth.slope.low = static_cast<double>(*least);
    growth.slope.high = static_cast<double>(*most);
    return growth;
  }
  growth.grows = growth.slope.low > 0 && goes_on(changes);
  return growth;
}

bool has_stopped(std::span<const std::int64_t> changes) {
  const Grown grown(changes);
  return grown.count >= 2 && grown.has_stopped();
}

bool still_fills(std::span<const std::int64_t> changes) {
  if (changes.size() < kSureRounds) return false;
  std::size_t grown = 0;
  std::size_t latest = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i] < 0) return false;
    if (changes[i] == 0) continue;
    ++grown;
    latest = i;
  }
  return 4 * grown >= 3 * changes.size() && latest + 2 >= changes.size();
}

}  // namespace pymemflow::report
