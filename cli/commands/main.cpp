// The command `pymemflow`.

#include "cli/commands/command_line.h"

int main(int count, char** words) {
  return pymemflow::cli::run_command_line({words + (count > 0 ? 1 : 0), words + count});
}
