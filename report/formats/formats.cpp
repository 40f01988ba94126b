#include "report/formats/formats.h"

#include "report/replay/profile.h"

namespace pymemflow::report {
namespace {

constexpr FormatName kNames[] = {
#define PMF_FORMAT(name, suffix, input, trailer, sentence) {#name, FormatInput::input},
#include "report/formats/formats.def"
#undef PMF_FORMAT
};

}  // namespace

std::span<const FormatName> format_names() {
  return kNames;
}

Format format_of(std::string_view name) {
  for (std::size_t row = 0; row < std::size(kFormats); ++row) {
    if (kFormats[row].name == name) return static_cast<Format>(row);
  }
  return Format{};
}

std::string_view format_problem(Format format, RecordMode mode) {
  const FormatInput input = row_of(format).input;
  if (input == FormatInput::Rows && mode == RecordMode::Sums)
    return "holds no events, only their sums";
  return needs_every_event(input) ? profile_problem(mode) : std::string_view();
}

bool needs_stacks(const pymemflow::ReportOptions& asked) {
  return shows_callers(asked, row_of(format_of(asked.format)).input);
}

}  // namespace pymemflow::report
