#pragma once
// Makes the report of a host that ends: the main() of the reporter. Its process has nothing of the
// host's except the capture (descriptor 3), standard error (4), and the output (1) if the host had
// it open.

namespace pymemflow::report {

// The second argument for a process that finds names for a running program: descriptor 3 is then a
// request (report/symbols/name_request.h), and the answer is written behind it.
inline constexpr char kNamesRole[] = "names";

// `arguments`: the version of the library that starts it; "forked" where the host is a forked
// child, or kNamesRole; the time at which the host began (ImageTimes::process_began).
// `environment`: the options of the host. An exit status (exit_status.h).
int report_on_host(int count, char** arguments, char** environment);

}  // namespace pymemflow::report
