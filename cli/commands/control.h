#pragma once
// Starts and stops the recording of a running process: the commands `start` and `stop`. One thread.

#include "cli/arguments/syntax.h"

namespace pymemflow::cli {

void declare_control(Syntax& syntax, bool is_paused);

}  // namespace pymemflow::cli
