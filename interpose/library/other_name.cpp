#include "interpose/library/other_name.h"

#include "capture/block.h"
#include "capture/earlier_image.h"
#include "interpose/library/messages.h"
#include "interpose/recording/blocks/capture_name.h"
#include "interpose/recording/recording.h"
#include "platform/files.h"
#include "platform/process.h"

namespace pymemflow::interpose {
namespace {

bool is_of_earlier_image(const char* path) {
  const std::uint64_t changed = platform::changed_ns(path);
  const ImageTimes times = {platform::process_began_ns(), recording.destination.file.started_ns()};
  return changed != 0 && times.is_of_earlier_image(changed);
}

}  // namespace

void say_other_name(std::string_view asked) {
  if (asked.empty() || recording.is_forked_child) return;
  if (CaptureName::contains(asked, 't')) return;
  CaptureName name;
  if (!name.make(asked, recording.destination.process, CaptureName::Suffix::Never)) return;
  const CaptureFile& file = recording.destination.file;
  const std::string_view given = file.name();
  if (given == name.text) return;
  if (CaptureName::contains(asked, 'p') && is_of_earlier_image(name.text)) return;
  const bool is_windows = file.is_windows_name_taken();
  say({name.text, is_windows ? kWindowsSuffix : "",
       " already exists and is kept: the record is in ", given});
}

}  // namespace pymemflow::interpose
