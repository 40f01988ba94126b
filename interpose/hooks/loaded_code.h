#pragma once
// Keeps what is known of code up to date with the libraries that are loaded. Linux alone: on other
// systems a walk needs nothing that a library could take along.

namespace pymemflow::interpose {

// Called in hooks of the loader's functions, not inside an allocator: takes the loader's lock for a
// moment.
void note_libraries();

}  // namespace pymemflow::interpose
