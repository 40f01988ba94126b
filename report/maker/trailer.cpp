#include "report/maker/trailer.h"

#include <fmt/core.h>

#include <cstring>
#include <iterator>

namespace pymemflow::report {
namespace {

void append_line(String& text, std::string_view line) {
  text += "pymemflow: ";
  text += line;
  text += '\n';
}

void append_failure(String& text, const FileHead& head) {
  if (head.failure == 0) return;
  String reason;
  if (head.failure == kLimitReached) {
    fmt::format_to(std::back_inserter(reason), "the record reached its limit of {} bytes",
                   head.limit_bytes);
  } else if (head.failure == kTruncated) {
    reason = "another program truncated the capture";
  } else if (head.failure == kForbidden) {
    reason = "the program forbids system calls that recording needs";
  } else {
    reason = std::strerror(head.failure);
  }
  String line;
  fmt::format_to(std::back_inserter(line),
                 "recording stopped ({}): this report covers the events until then",
                 std::string_view(reason));
  append_line(text, line);
}

void append_unchecked(String& text, std::uint64_t blocks) {
  String line;
  fmt::format_to(std::back_inserter(line),
                 "{} {} of the record had no checksum yet: damage there would not be noticed",
                 blocks, blocks == 1 ? "block" : "blocks");
  append_line(text, line);
}

void append_counts(String& text, const CaptureReader& reader) {
  auto end = std::back_inserter(text);
  fmt::format_to(end, "pymemflow: {} events recorded, {} lost",
                 reader.recorded() + reader.overwritten(), reader.lost());
  if (reader.head().mode == RecordMode::Ring) {
    fmt::format_to(end, ", {} overwritten", reader.overwritten());
  }
  if (reader.damaged() != 0) {
    const char* const places = reader.damaged() == 1 ? "place" : "places";
    fmt::format_to(end, ", damaged in {} {}", reader.damaged(), places);
  }
  if (reader.left_out() != 0) fmt::format_to(end, ", {} left out", reader.left_out());
  text += '\n';
}

}  // namespace

void write_trailer(Output& output, const CaptureReader& reader, const ReportOptions& options,
                   SymbolGaps gaps) {
  const bool is_in_process = options.is_in_process;
  const FileHead& head = reader.head();
  String text;
  append_failure(text, head);
  if (head.mode == RecordMode::Sums && !is_in_process) {
    append_line(text, "recorded with PYMEMFLOW_FLOW=0: there are no events, only their sums");
  }
  if (head.end == EndKind::None && !is_in_process) {
    append_line(text, reader.is_end_unseen()
                          ? "the program restricts its system calls (seccomp), so its end was not "
                            "seen: this report covers the events until then"
                      : options.is_running
                          ? "the program still runs: this report covers the events until now"
                          : "the program did not end by itself: this report covers the events "
                            "until then");
  }
  if (reader.unchecked() != 0 && !is_in_process && !options.is_running) {
    append_unchecked(text, reader.unchecked());
  }
  if (reader.gaps() != 0) {
    String line;
    fmt::format_to(std::back_inserter(line),
                   "the record has {} {}: calls of these times, and what they freed, are missing",
                   reader.gaps(), reader.gaps() == 1 ? "gap" : "gaps");
    append_line(text, line);
  }
  if (reader.lacks_windows()) {
    append_line(
        text,
        "the file of its windows is missing, which lies beside the capture while the program "
        "runs and is named after it, with .windows: the latest events and most names are "
        "not in this report");
  }
  for (const String& line : gaps.lines()) append_line(text, line);
  append_counts(text, reader);
  output.write(text);
}

}  // namespace pymemflow::report
