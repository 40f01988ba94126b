// pymemflow start PID: starts or resumes recording in a running process.

#include "cli/commands/commands.h"
#include "cli/commands/control.h"

namespace pymemflow::cli {

void declare_start(Syntax& syntax) {
  declare_control(syntax, false);
}

}  // namespace pymemflow::cli
