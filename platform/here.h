#pragma once
// Macros that select the rows of the tables of hooks for this system, and define hooks. The tables
// are X-macros, so these have to be macros too.
//
//   PMF_HERE_Everywhere(x)  x
//   PMF_HERE_Linux(x)       x on Linux, else nothing
//   PMF_HERE_Macos(x)       x on macOS, else nothing
//   PMF_HERE_Python(x)      nothing: such a function is not hooked by its name
//
//   PMF_HOOK(Result, name)(parameters) { ... }    defines the hook of the function `name`
//   PMF_EXPORT                                    declares a function of the C interface
//   PMF_CALLER                                    the address that the current function returns to
//
// On Linux a hook has the name of the function that it replaces, and the loader finds it first. On
// macOS a hook has a name of its own. A table of pairs (interpose/hooks/macos/tuples.cpp) makes the
// loader replace the function by it in every image but this one, so calls from this
// library reach the originals.

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

#define PMF_HERE_Python(...)
#define PMF_EXPORT extern "C" __attribute__((visibility("default")))
#define PMF_CALLER __builtin_return_address(0)
