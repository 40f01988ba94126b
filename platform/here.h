#pragma once
// Which rows of the tables of hooks are hooked on this system, and how a hook is defined. Macros
// alone, since the tables are X-macros.
//
//   PMF_HERE_Everywhere(x), PMF_HERE_Linux(x), PMF_HERE_Macos(x)   x where the row is hooked, else
//   nothing PMF_HOOK(Result, name)(parameters) { ... }                     defines the hook of
//   `name`
//
// On Linux a hook has the name of what it stands in front of, and the loader finds it first. On
// macOS it has a name of its own, and a tuple (macos_tuples.cpp) tells the loader to put it into
// the place of the other in every image but this one: what this library itself calls is the
// original.

#ifdef __APPLE__
#  define PMF_HERE_Everywhere(...) __VA_ARGS__
#  define PMF_HERE_Linux(...)
#  define PMF_HERE_Macos(...) __VA_ARGS__
#  define PMF_HOOK(Result, name) \
    extern "C" __attribute__((visibility("hidden"))) Result pmf_hook_##name
#else
#  define PMF_HERE_Everywhere(...) __VA_ARGS__
#  define PMF_HERE_Linux(...) __VA_ARGS__
#  define PMF_HERE_Macos(...)
#  define PMF_HOOK(Result, name) extern "C" __attribute__((visibility("default"))) Result name
#endif

// For whoever knows of it: the C API.
#define PMF_EXPORT extern "C" __attribute__((visibility("default")))
#define PMF_CALLER __builtin_return_address(0)
