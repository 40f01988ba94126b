#pragma once
// Resolves the options into how the program is recorded and what is printed. The library and the
// command both do it here. Allocates nothing. One thread.

#include <cstdint>
#include <span>
#include <string_view>

#include "options/options.h"

// The text, if an option of that use belongs to RecordingOptions, or to ReportOptions.
#define PMF_IF_RECORDING_Library(text) text
#define PMF_IF_RECORDING_Kept(text) text
#define PMF_IF_RECORDING_Both(text) text
#define PMF_IF_RECORDING_Report(text)
#define PMF_IF_RECORDING_Callers(text)
#define PMF_IF_REPORT_Library(text)
#define PMF_IF_REPORT_Kept(text)
#define PMF_IF_REPORT_Both(text) text
#define PMF_IF_REPORT_Report(text) text
#define PMF_IF_REPORT_Callers(text) text

namespace pymemflow {

// Each structure has the options that options.def gives this use, under the names of the table.
struct RecordingOptions {
#define PMF_FIELD(field, default_value) decltype(Options::field) field = default_value;
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  PMF_IF_RECORDING_##use(PMF_FIELD(field, default_value))
#include "options/options.def"
#undef PMF_OPTION

  bool keeps_every_event() const {
    return flow && ring == 0;
  }
};

struct ReportOptions {
#define PMF_OPTION(field, name, Type, default_value, value, use, sentence) \
  PMF_IF_REPORT_##use(PMF_FIELD(field, default_value))
#include "options/options.def"
#undef PMF_OPTION
#undef PMF_FIELD
};

// A format of the report, from the table of formats (report/formats/formats.def), and what it is
// made of.
enum class FormatInput : std::uint8_t { Lines, Rows, Sums, Profile, Tree, Stacks, Blocks };
constexpr bool has_stacks(FormatInput input) {
  return input == FormatInput::Tree || input == FormatInput::Stacks || input == FormatInput::Blocks;
}
constexpr bool is_profile(FormatInput input) {
  return input == FormatInput::Profile || input == FormatInput::Tree ||
         input == FormatInput::Stacks;
}
// Whether the format has live memory, so that no event may be missing.
constexpr bool needs_every_event(FormatInput input) {
  return is_profile(input) || input == FormatInput::Blocks;
}
struct FormatName {
  std::string_view name;
  FormatInput input;
};

// Whether a report of that format has callers, so that the record must have call stacks. Of
// Options or ReportOptions.
template <typename AnyOptions>
bool shows_callers(const AnyOptions& options, FormatInput input) {
  const bool is_asked = options.full_stacks || options.depth != 0 || options.by == By::Stack ||
                        options.by == By::CFunction;
  return has_stacks(input) || (input == FormatInput::Profile && is_asked);
}

// Whether the report is on a moment or a part of the record. Of Options or ReportOptions.
template <typename AnyOptions>
bool has_range(const AnyOptions& options) {
  return !options.from.empty() || !options.to.empty();
}

// Whether the report is on some calls only. Of Options or ReportOptions.
template <typename AnyOptions>
bool has_selection(const AnyOptions& options) {
  return !options.only.empty() || !options.ignore.empty() || !options.thread.empty() ||
         options.min_size != 0 || options.leaked;
}

// Whether probes tell where allocations happen. They see no call stacks.
bool is_probed(const Options& options);

// The options that decide what is recorded; the others have their defaults.
Options recording_part(const Options& options);

// `formats`: all formats, the default first. Fails if the format is unknown, if it needs events
// that are not kept, or if two options contradict each other: no option silently overrides another.
// The error lives until the next call. In the results `format` is never empty, `attribution` is the
// one that compat needs, and `stack` and `domains` are not Auto.
//
// The command alone refuses options of its report that have no effect on it: in a traced program
// they may be for the Python module.
//
// The reporter's options are those that the library has resolved, without the file of the record:
// it does not look for contradictions again.
enum class Resolver : std::uint8_t { Library, Reporter, Command };
OptionError resolve(const Options& options, std::span<const FormatName> formats,
                    RecordingOptions& recording, ReportOptions& report,
                    Resolver resolver = Resolver::Library);

}  // namespace pymemflow
