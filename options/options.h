#pragma once
// The options as they were given: options.def is the table. A traced program reads them from the
// environment once, before main(); the command also reads its command line. resolve.h says what
// they mean together. Allocates nothing. One thread.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>

namespace pymemflow {

// The Python line that an event belongs to.
enum class Attribution : std::uint8_t {
  Frame,  // the line that is running
  Probe,  // the line in the D script's variables (interpose/recording/probe_attribution.h)
};

// The moment when recording begins.
enum class Start : std::uint8_t {
  Auto,    // at once
  Manual,  // at a call of pymemflow_start() (interpose/library/api.h)
};

// The columns that flow lines may have besides those of the D script.
enum class FlowColumn : std::uint8_t {
  Thread,  // the kernel's thread id
  Time,    // seconds since the start
  Event,   // the number of the call in the record
};
inline constexpr std::size_t kFlowColumns = 3;
inline constexpr std::string_view kFlowColumnNames[kFlowColumns] = {"thread", "time", "event"};

// The rows of a profile.
enum class By : std::uint8_t {
  Line,
  Function,
  File,
  Module,
  Stack,
  CFunction,
  Thread,
  TypeOfCall,
};

// The weight of a call stack.
enum class Metric : std::uint8_t {
  Live,       // bytes that are live at the end
  Leaked,     // the same without what is exempt
  Total,      // bytes that were allocated
  Temporary,  // blocks that were freed before the next allocation
  Peak,       // bytes that were live at the high-water mark
  Mapped,     // bytes of memory that is mapped at the end, without malloc()
};

enum class Compat : std::uint8_t { None, Dtrace, Dtrace2020 };

// The FILE that is standard output. A file of this name is written as ./-
inline constexpr std::string_view kStandardOutput = "-";

// The frames that are recorded of each call that hands out a block.
enum class Stack : std::uint8_t {
  Top,     // the line that is running
  Python,  // all Python frames
  Native,  // the same, and the C frames above them
  Auto,    // Native where a capture is kept or a profile is printed, else Top (resolve.h)
};

// The allocators of Python whose calls are recorded: a bit for each of kDomainNames.
enum class Domains : std::uint8_t { None = 0, Raw = 1, Mem = 2, Obj = 4, All = 7, Auto = 8 };
// The default of a gate, and of limits of tests, which judge the growth of objects.
inline constexpr Domains kJudgedDomains = Domains{2 | 4};

// The greatest number of frames that a stack may be recorded with (capture/stack.h).
inline constexpr std::uint32_t kMaxFrames = 16384;

// The greatest number of rows that can be asked for.
inline constexpr std::uint64_t kMaxCount = 1'000'000'000;
// The most patterns of --only, or of --ignore.
inline constexpr std::size_t kMaxPatterns = 64;

struct Options {
  // One bit per row that was set, so a default can be told from the same value given by the user.
  std::uint32_t given = 0;
  // Texts are copied, and live as long as the process.
  using Text = std::string_view;
  using Path = std::string_view;
  using List = std::string_view;
  using Switch = bool;
  using Size = std::uint64_t;
  using Frames = std::uint64_t;  // from 1 to kMaxFrames
  using Count = std::uint64_t;   // from 1 to kMaxCount
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  Type field = default_value;
#include "options/options.def"
#undef PMF_OPTION
};

enum class OptionType : std::uint8_t {
  Text,
  Path,
  List,
  Switch,
  Size,
  Frames,
  Count,
  Attribution,
  By,
  Compat,
  Domains,
  Metric,
  Stack,
  Start,
};
enum class OptionUse : std::uint8_t { Library, Kept, Report, Callers, Both };

// A row of options.def. A new one must fit kMaxVariableName.
struct OptionRow {
  const char* name;
  OptionType type;
  const char* value;
  OptionUse use;
  const char* sentence;
  bool is_on;  // a switch that is on unless the user turns it off
};

template <typename Value>
constexpr bool is_on_by_default([[maybe_unused]] const Value& value) {
  if constexpr (std::is_same_v<Value, bool>) return value;
  return false;
}

inline constexpr OptionRow kOptions[] = {
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  {name, OptionType::Type, value, OptionUse::use, sentence, is_on_by_default(default_value)},
#include "options/options.def"
#undef PMF_OPTION
};
inline constexpr std::size_t kOptionCount = std::size(kOptions);
static_assert(kOptionCount <= 32, "Options::given has one bit per row");

// Whether the user has set the option of that name.
bool is_given(const Options& options, std::string_view name);

// Reads "1", "on", "yes", "true", or their opposites. The reason why the value is wrong, or
// nothing.
std::string_view parse_switch(std::string_view value, bool& is_on);

// Reads the next column of a list, and removes it from `list`. False: it is not a column.
bool take_flow_column(std::string_view& list, FlowColumn& column);

// Sets the option of that row. Returns the reason why the value is wrong, or nothing.
std::string_view set_option(Options& options, std::size_t row, std::string_view value);

// Returns false if the option of that row has its default. Else gives its value as it is written in
// the environment; `buffer` may hold it.
inline constexpr std::size_t kMaxValueText = 24;
bool value_of(const Options& options, std::size_t row, char (&buffer)[kMaxValueText],
              std::string_view& value);

// Writes PYMEMFLOW_NAME for the row's name to `buffer`.
inline constexpr std::size_t kMaxVariableName = 40;
std::string_view variable_of(std::size_t row, char (&buffer)[kMaxVariableName]);

// A sentence in two parts that says what is wrong with an option.
struct OptionError {
  std::string_view variable;  // name=value, or name
  std::string_view problem;
  explicit operator bool() const { return !problem.empty(); }
};

// Sets the options that the environment gives. Stops at the first PYMEMFLOW_ variable that is not
// an option or has a wrong value.
OptionError read_options(char** environment, Options& options);
// The variables that read_options() accepted: one line NAME=value for each.
std::string_view given_options();

}  // namespace pymemflow
