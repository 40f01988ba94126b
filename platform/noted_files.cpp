// Descriptors of the program that the library writes to: standard error, and the one that
// PYMEMFLOW_OUTPUT names. Each is told by its file, since its number may mean another file by now.

#include "platform/files.h"
#include "platform/process.h"

namespace pymemflow::platform {
namespace {

constexpr int kStandardError = 2;

struct Noted {
  int number;
  bool is_known;  // its file was looked at
  bool is_open;
  FileIdentity file;

  void note(int of) {
    number = of;
    is_open = identify_file(number, file);
    is_known = true;
  }
  bool is_still_there() const {
    FileIdentity now{};
    return is_open && identify_file(number, now) && now.device == file.device &&
           now.inode == file.inode;
  }
  bool is_closed() const {
    FileIdentity now{};
    return !identify_file(number, now);
  }
};
constinit Noted error = {};
constinit Noted output = {};

}  // namespace

void note_standard_error() {
  error.note(kStandardError);
}

int standard_error() {
  return !error.is_known || error.is_still_there() ? kStandardError : -1;
}

void note_output(int number) {
  output.note(number);
}

bool is_output_replaced() {
  if (!output.is_known || output.is_still_there()) return false;
  // A higher number that was not open is one that the program was expected to open.
  return output.is_open || output.number <= kStandardError || output.is_closed();
}

}  // namespace pymemflow::platform
