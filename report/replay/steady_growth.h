#pragma once
// Tells steady growth from warm-up, caches, tables and noise. A series is the change of some memory
// in each round of a program that repeats its work. Pure, any thread.
//
// With five steady levels or more (four rounds), a series grows steadily if
//   * the interval of its robust slope (Theil and Sen) is above zero;
//   * it grew in four rounds or more, two of them in the second half, and more than a fifth of them
//     there: a table that doubles grows ever less often, a first use only once;
//   * it has not stopped: the rounds at the end without growth are fewer than twice the longest
//     pause before. A cache that is full has stopped.
// With three or four levels it grows steadily if it grew in each round, at low confidence.
// docs/gate.md explains this to users.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::report {

enum class Confidence : std::uint8_t {
  None,  // too few rounds to judge
  Low,
  High,
};
inline constexpr const char* kConfidences[] = {"none", "low", "high"};

// A slope and its interval (99 %), per round. At low confidence the interval is that of the
// changes.
struct Slope {
  double per_round = 0;
  double low = 0;
  double high = 0;
};

struct SteadyGrowth {
  bool grows = false;
  Confidence confidence = Confidence::None;
  Slope slope;            // zero if it grew in too few rounds
  std::size_t grown = 0;  // rounds with growth, of those that were judged
};

inline constexpr std::size_t kFewestRounds = 2;
inline constexpr std::size_t kSureRounds = 4;

// The number of rounds at the beginning that warm up: after them the changes stay near the median
// of those in the second half. Leaves kFewestRounds, if there are as many. `changes` is that of the
// whole process.
std::size_t warm_up_rounds(std::span<const std::int64_t> changes);

// Judges the changes after the warm-up.
SteadyGrowth steady_growth(std::span<const std::int64_t> changes);

// Whether the series grew twice or more, and then stopped: the rounds at its end without growth are
// two, and twice the longest pause before.
bool has_stopped(std::span<const std::int64_t> changes);

// Whether the series looks as if it will go on, though it does not grow steadily: it grew in three
// of four rounds, never shrank, and grew in one of the two last rounds.
bool still_fills(std::span<const std::int64_t> changes);

}  // namespace pymemflow::report
