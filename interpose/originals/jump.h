#pragma once
// Makes a hook go on to its original by a jump instead of a call, also without optimization. The
// originals of the loader's functions tell by their return address which library calls (RTLD_NEXT,
// its RPATH). Usage: PMF_HOOK(PMF_JUMP Result, name)(...), which ends with PMF_RETURN
// real.name.function(...).

#ifdef __clang__
#  define PMF_JUMP
#  define PMF_RETURN [[clang::musttail]] return
#else
#  define PMF_JUMP __attribute__((optimize("O2")))
#  define PMF_RETURN return
#endif
