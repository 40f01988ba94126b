#pragma once
// How a hook goes on to its original by a jump instead of a call, in builds without optimisation
// too: the originals of the loader's functions tell by their return address which library asks
// (RTLD_NEXT, its RPATH). For the .cpp files of such hooks: PMF_EXPORT PMF_JUMP ..., and at the end
// PMF_RETURN original(...).

#ifdef __clang__
#  define PMF_JUMP
#  define PMF_RETURN [[clang::musttail]] return
#else
#  define PMF_JUMP __attribute__((optimize("O2")))
#  define PMF_RETURN return
#endif
