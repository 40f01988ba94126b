// The program's standard error, told by the file itself: its number may mean another file by now.

#include "platform/files.h"
#include "platform/process.h"

namespace pymemflow::platform {
namespace {

constexpr int kNumber = 2;

struct Start {
  bool is_known;
  bool is_open;
  FileIdentity file;
};
constinit Start start = {};

}  // namespace

void note_standard_error() {
  start.is_open = identify_file(kNumber, start.file);
  start.is_known = true;
}

int standard_error() {
  if (!start.is_known) return kNumber;
  FileIdentity now{};
  const bool is_same = start.is_open && identify_file(kNumber, now) &&
                       now.device == start.file.device && now.inode == start.file.inode;
  return is_same ? kNumber : -1;
}

}  // namespace pymemflow::platform
