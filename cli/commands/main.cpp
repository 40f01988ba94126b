// The command `pymemflow`.

#include <fcntl.h>
#include <unistd.h>

#include "cli/arguments/command_line.h"
#include "cli/commands/commands.h"
#include "cli/launch/end_signals.h"
#include "cli/launch/signals.h"

namespace {

// A file that is opened later must not become standard output or error. Writing to what was closed
// fails as before, and programs that the command starts have it closed.
void reserve_standard_descriptors() {
  for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDONLY | O_CLOEXEC) != descriptor) return;
  }
}

}  // namespace

int main(int count, char** words) {
  using namespace pymemflow::cli;
  reserve_standard_descriptors();
  ignore_size_signal();
  clean_up_at_signals();
  return run_command_line(kCommands, {words + (count > 0 ? 1 : 0), words + count});
}
