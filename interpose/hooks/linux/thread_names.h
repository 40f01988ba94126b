#pragma once
// Records the names that a program gives to its threads. Inside a hook, after the original.

namespace pymemflow::interpose {

// The calling thread may have a new name.
void record_own_name();

}  // namespace pymemflow::interpose
