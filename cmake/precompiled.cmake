# Precompiled headers of the C++ library: half of the compiler's work on a file is parsing these. Not
# with ccache, which cannot keep objects that are compiled so, and not where warnings are errors: GCC 12
# then gives one for code of the C++ library (array-bounds).
#
#   pmf_precompile(TARGET KIND FLAGS)   KIND names the set; FLAGS is the target that has its options
include_guard(GLOBAL)

set(PMF_PRECOMPILED <algorithm> <array> <cerrno> <cstdint> <cstring> <iterator> <memory> <optional> <span>
                    <string> <string_view> <tuple> <utility> <vector>)

function(pmf_precompile target kind flags)
  if(CMAKE_CXX_COMPILER_LAUNCHER OR PYMEMFLOW_WARNINGS_AS_ERRORS OR CMAKE_CROSSCOMPILING)
    return()
  endif()
  set(headers pmf_${kind}_precompiled)
  if(NOT TARGET ${headers})
    set(source ${PROJECT_BINARY_DIR}/precompiled/${kind}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "")
    add_library(${headers} OBJECT ${source})
    target_link_libraries(${headers} PRIVATE ${flags})
    target_precompile_headers(${headers} PRIVATE ${PMF_PRECOMPILED} ${ARGN})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()
