#pragma once
// Names of C functions for answers inside the running program (live.h). On Linux the reporter finds
// them: no file of code is read in the host, and no library is loaded into it.

#include "report/replay/live_profile.h"

namespace pymemflow::interpose {

// Null: the host reads the names itself (macOS, where the system names them).
extern const report::AskForNames ask_for_names;

}  // namespace pymemflow::interpose
