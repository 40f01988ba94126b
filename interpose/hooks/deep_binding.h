#pragma once
// Libraries that the program loads with RTLD_DEEPBIND: their own dependencies come before ours.

namespace pymemflow::interpose {

// Called once, for the first such library that is loaded while there is a recording. On the thread
// that loads it.
using OnDeepBinding = void (*)(const char* path);
extern constinit OnDeepBinding on_deep_binding;

}  // namespace pymemflow::interpose
