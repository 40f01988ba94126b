// The command `pymemflow`.

#include "cli/arguments/command_line.h"
#include "cli/commands/commands.h"
#include "cli/launch/end_signals.h"
#include "cli/launch/signals.h"

int main(int count, char** words) {
  using namespace pymemflow::cli;
  ignore_size_signal();
  clean_up_at_signals();
  return run_command_line(kCommands, {words + (count > 0 ? 1 : 0), words + count});
}
