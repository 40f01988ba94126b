#pragma once
// The loader's search for the function that a hook replaces, for the Linux files that look
// originals up. At start-up only: it takes the loader's lock.

namespace pymemflow::platform {

// The next definition of `name` behind this library in the loader's order; null when there is none.
void* find_next_definition(const char* name);

}  // namespace pymemflow::platform
