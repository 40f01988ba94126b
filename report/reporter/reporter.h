#pragma once
// Makes the report of a host that ends: the main() of the reporter. Its process holds nothing of
// the host's but the capture (descriptor 3), standard error (4) and its output (1), where that is
// one of the host's.

namespace pymemflow::report {

// `arguments`: the version of the library that starts it; "forked" where the host is a forked
// child. `environment`: the options of the host. An exit status (exit_status.h).
int report_on_host(int count, char** arguments, char** environment);

}  // namespace pymemflow::report
