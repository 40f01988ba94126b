// Programs that close every descriptor they do not know (daemons, subprocess's close_fds) must not
// close the capture file: to them its number is one that is not open. Whoever gets past these
// hooks, by a system call of its own or with dup2(), ends the recording (CaptureFile), never
// anything else.

#include <unistd.h>

#include <cerrno>

#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/platform.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

using Close = int (*)(int);
constinit Close found_close = nullptr;

}  // namespace

PMF_HOOK(int, close)(int descriptor) {
  if (descriptor >= 0 && descriptor == recording.destination.file.descriptor()) {
    errno = EBADF;
    return -1;
  }
  if (found_close == nullptr) {
    found_close = reinterpret_cast<Close>(platform::find_original("close"));
  }
  return found_close(descriptor);
}
