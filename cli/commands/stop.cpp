// pymemflow stop PID: pauses recording in a running process.

#include "cli/commands/commands.h"
#include "cli/commands/control.h"

namespace pymemflow::cli {

void declare_stop(Syntax& syntax) {
  declare_control(syntax, true);
}

}  // namespace pymemflow::cli
