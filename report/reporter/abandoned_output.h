#pragma once
// Ends the reporter once nobody reads its output any more: the host waits for it, and the analysis
// of a large record takes a while before the first byte is written. In the reporter's own process
// alone: it uses the process's timer (ITIMER_REAL) and SIGALRM.

namespace pymemflow::report {

// Watches the reader of a pipe, a socket or a terminal. Other files have none. With a further call
// the output is the latter.
void end_when_abandoned(int output);

}  // namespace pymemflow::report
