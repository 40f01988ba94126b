#pragma once
// The table of report formats (formats.def), for code that names formats. Any thread.

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/block.h"
#include "options/resolve.h"

namespace pymemflow::report {

enum class FormatTrailer : std::uint8_t { None, Text };

enum class Format : std::uint8_t {
#define PMF_FORMAT(name, suffix, input, trailer, sentence) name,
#include "report/formats/formats.def"
#undef PMF_FORMAT
};

struct FormatRow {
  std::string_view name;
  std::string_view suffix;
  FormatInput input;
  FormatTrailer trailer;
  std::string_view sentence;
};

inline constexpr FormatRow kFormats[] = {
#define PMF_FORMAT(name, suffix, input, trailer, sentence) \
  {#name, suffix, FormatInput::input, FormatTrailer::trailer, sentence},
#include "report/formats/formats.def"
#undef PMF_FORMAT
};
constexpr const FormatRow& row_of(Format format) {
  return kFormats[static_cast<std::size_t>(format)];
}

// For resolve(), by Format.
std::span<const FormatName> format_names();

// The format of that name; the default if there is none.
Format format_of(std::string_view name);

// Why a record of this mode cannot be shown in the format; empty: it can.
std::string_view format_problem(Format format, RecordMode mode);

// Whether the user asked for callers, so that the record must have call stacks.
bool needs_stacks(const pymemflow::ReportOptions& asked);

}  // namespace pymemflow::report
