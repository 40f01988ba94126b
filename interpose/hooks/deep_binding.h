#pragma once
// Reports libraries that the program loads with RTLD_DEEPBIND: they find their own dependencies
// before this library.

namespace pymemflow::interpose {

// Called for the first such library that is loaded during a recording, on the thread that loads it.
using OnDeepBinding = void (*)(const char* path);
extern constinit OnDeepBinding on_deep_binding;

}  // namespace pymemflow::interpose
