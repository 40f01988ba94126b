// Protects the capture file from programs that close every descriptor they do not know (daemons,
// close_fds of subprocess): these functions treat its descriptor as not open. A program that closes
// it by a system call or by dup2() ends the recording (CaptureFile) and breaks nothing else.

#include <unistd.h>

#include <cerrno>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(int, close)(int descriptor) {
  if (descriptor >= 0 && descriptor == recording.destination.file.descriptor()) {
    errno = EBADF;
    return -1;
  }
  return real.close(descriptor);
}
