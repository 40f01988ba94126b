#pragma once
// Removes the temporary files of the command when a signal ends it. A folder that holds the record
// of a program is kept, and a line names it. Called once, by main().
//
// A signal handler may not remove a folder, so a thread does, which is started with the first
// temporary file. The command then ends by the signal, as it would alone. Signals that the command
// was started with as ignored stay ignored. While a program runs, signals are forwarded to it
// instead (signals.h).

namespace pymemflow::cli {

void clean_up_at_signals();

}  // namespace pymemflow::cli
