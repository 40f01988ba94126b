// Protects the files of the capture from programs that close every descriptor they do not know
// (daemons, close_fds of subprocess): these functions treat their descriptors as not open. A
// program that closes one by a system call or by dup2() ends the recording (CaptureFile) and breaks
// nothing else.

#include <unistd.h>

#include <cerrno>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(int, close)(int descriptor) {
  if (is_own_descriptor(descriptor)) {
    errno = EBADF;
    return -1;
  }
  return real.close(descriptor);
}
