#pragma once
// Examines a filter of system calls (seccomp) before the program installs it. Allocates nothing
// from the heap; any thread.

#include <span>

namespace pymemflow::interpose {

// The number of the first of the library's own system calls that could end a thread under the
// filter, or reach a handler of the program; -1: there is none. `program` is a struct sock_fprog of
// the program. A call whose outcome depends on its arguments counts by the worst of them.
long find_forbidden_call(const void* program);

// Whether the filter makes a call, or refuses it with an error, whatever its arguments are.
bool permits_call(const void* program, long call);
bool permits_calls(const void* program, std::span<const long> calls);

}  // namespace pymemflow::interpose
