#pragma once
// The role of the process that the report side runs in. The command and the reporter have the
// process for themselves. In a host, a traced program that asks about its own memory, the report
// side loads no library: those have constructors and handlers of their own. Any thread.

namespace pymemflow::report {

// Once, before the report side is used.
void set_in_host();
bool is_in_host();

}  // namespace pymemflow::report
