#include "interpose/library/api.h"

#include <cerrno>
#include <cstring>
#include <string_view>

#include "interpose/library/live.h"
#include "interpose/recording/recorder.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/resident.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

int pause(bool is_paused) {
  return require_own_recording() && set_paused(is_paused) ? 0 : ESRCH;
}

// 0, or the error number for an invalid name of a mark.
int check_name(const char* name) {
  if (name == nullptr || *name == '\0') return EINVAL;
  return std::strlen(name) > kMaxMarkName ? ENAMETOOLONG : 0;
}

}  // namespace

PMF_EXPORT const char* pymemflow_version(void) {
  return PMF_VERSION;
}

PMF_EXPORT int pymemflow_start(void) {
  return pause(false);
}

PMF_EXPORT int pymemflow_stop(void) {
  return pause(true);
}

PMF_EXPORT int pymemflow_is_recording(void) {
  return recording.phase.load() == Phase::On && !is_paused() ? 1 : 0;
}

PMF_EXPORT int pymemflow_mark(const char* name) {
  if (const int error = check_name(name)) return error;
  if (recording.phase.load() != Phase::On) return ESRCH;
  return record_named_mark(name, platform::heap_state()) ? 0 : EAGAIN;
}

PMF_EXPORT int pymemflow_outstanding(std::uint64_t* bytes, std::uint64_t* blocks) {
  return live::outstanding(bytes, blocks);
}

PMF_EXPORT int pymemflow_growth(const char* mark, char* text, std::size_t size,
                                std::size_t* length) {
  if (const int error = check_name(mark)) return error;
  return live::growth(mark, text, size, length);
}
