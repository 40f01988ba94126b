#pragma once
// The limits of a gate (limits.def is the table), and their findings. Pure.

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "cli/gate/baseline.h"

namespace pymemflow::cli {

struct ProcessVerdict;

enum class Limit : std::uint8_t {
#define PMF_LIMIT(field, option, unit, evidence, measure, help) field,
#include "cli/gate/limits.def"
#undef PMF_LIMIT
};

enum class LimitUnit : std::uint8_t { Bytes, Count };

// The allocation sites that explain a finding.
enum class Evidence : std::uint8_t {
  None,
  Leaks,   // that leak
  Growth,  // that grow in each round
};

struct LimitRow {
  const char* option;  // "--max-leak"
  LimitUnit unit;
  Evidence evidence;
  const char* help;
};

inline constexpr LimitRow kLimits[] = {
#define PMF_LIMIT(field, option, unit, evidence, measure, help) \
  {"--" option, LimitUnit::unit, Evidence::evidence, help},
#include "cli/gate/limits.def"
#undef PMF_LIMIT
};
inline constexpr std::size_t kLimitCount = std::size(kLimits);

struct Limits {
  std::array<std::optional<std::uint64_t>, kLimitCount> allowed;  // by Limit
  std::optional<Baseline> baseline;
  double tolerance = 0;                  // allowed increase over the baseline, as a part of it
  std::optional<std::uint64_t> warm_up;  // rounds; none: until growth levels off

  // No limit and no baseline is set.
  bool is_empty() const;
  // The option of the first limit that is set and has that evidence; null: there is none.
  const char* option_with(Evidence evidence) const;
};

// One limit's result for one process.
struct Finding {
  const LimitRow* limit = nullptr;
  std::uint64_t value = 0;
  std::uint64_t allowed = 0;
  std::string sentence;  // "leaks 10000 bytes in 10 blocks; --max-leak allows 4096 bytes"
  std::string obstacle;  // why it cannot be judged; empty: it can

  bool is_judged() const { return obstacle.empty(); }
  bool is_over() const { return is_judged() && value > allowed; }
};

// None: the limit is not set. A baseline sets --max-leak, to 0 unless the user gave another value.
std::optional<Finding> find(std::size_t row, const ProcessVerdict& process, const Limits& limits);

}  // namespace pymemflow::cli
