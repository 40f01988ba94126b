#include "interpose/library/unrecorded.h"

#include <charconv>
#include <cstring>

#include "interpose/hooks/process_log.h"
#include "interpose/library/errors.h"
#include "interpose/library/messages.h"
#include "interpose/recording/recording.h"
#include "platform/process.h"
#include "report/base/digits.h"

namespace pymemflow::interpose {
namespace {

void say_untraced_child(int error) {
  char digits[report::kMaxDecimalBytes];
  const char* const end = report::put_decimal(digits, platform::process_id());
  const std::string_view process(digits, static_cast<std::size_t>(end - digits));
  const std::string_view name = recording.destination.file.name();
  say({"cannot record the forked child ", process, name.empty() ? "" : " in ", name, " (",
       failure_text(error), "); it runs untraced"});
}

}  // namespace

std::string_view failure_text(int failure) {
  if (failure == kTruncated) return "another program truncated the capture";
  if (failure == kForbidden) return "the program forbids system calls that recording needs";
  if (failure != kLimitReached) return error_text(failure);
  static char text[64] = "the record reached its limit of ";
  constexpr std::size_t kFixed = sizeof "the record reached its limit of " - 1;
  const std::uint64_t limit = recording.destination.file.limit_bytes();
  const std::string_view unit = limit == 1 ? " byte" : " bytes";
  char* end = std::to_chars(text + kFixed, text + sizeof text - unit.size(), limit).ptr;
  std::memcpy(end, unit.data(), unit.size());
  return {text, static_cast<std::size_t>(end + unit.size() - text)};
}

void cannot_start(int error, std::string_view capture) {
  note_unable(failure_text(error));
  if (capture.empty()) {
    say({"cannot start recording (", failure_text(error), "); this program runs untraced"});
  } else {
    say({"PYMEMFLOW_CAPTURE=", capture, ": ", failure_text(error), "; this program runs untraced"});
  }
}

void on_forked_child(int error) {
  if (error == 0) return note_record(true);
  note_unable(failure_text(error));
  // Under a filter no system call may be made.
  if (error != kForbidden) say_untraced_child(error);
}

}  // namespace pymemflow::interpose
