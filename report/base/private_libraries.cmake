# Finds the shared libraries that report/base/private_library.cpp opens, and the names that the loader
# knows them by.
function(pmf_find_soname result name hints)
  find_library(${result}_LIBRARY ${name} HINTS ${hints} REQUIRED)
  set(soname "")
  if(CMAKE_READELF)
    execute_process(COMMAND ${CMAKE_READELF} -d ${${result}_LIBRARY}
      OUTPUT_VARIABLE dynamic_section ERROR_QUIET)
    if(dynamic_section MATCHES "SONAME[^[]*\\[([^]]+)\\]")
      set(soname ${CMAKE_MATCH_1})
    endif()
  endif()
  if(NOT soname)
    get_filename_component(soname ${${result}_LIBRARY} NAME)
  endif()
  set(${result} ${soname} PARENT_SCOPE)
endfunction()

pmf_find_soname(PMF_MIMALLOC_SONAME mimalloc "")
if(PYMEMFLOW_BUILD_FUZZERS)
  # The sanitizer sees every allocation only where malloc serves them.
  set(PMF_MIMALLOC_SONAME libpymemflow-without-mimalloc.so)
endif()
pmf_find_soname(PMF_LIBUNWIND_SONAME unwind "${LIBUNWIND_LIBRARY_DIRS}")
pmf_find_soname(PMF_LIBELF_SONAME elf "${LIBELF_LIBRARY_DIRS}")
pmf_find_soname(PMF_LIBDW_SONAME dw "${LIBDW_LIBRARY_DIRS}")
pmf_find_soname(PMF_ZSTD_SONAME zstd "${LIBZSTD_LIBRARY_DIRS}")
pmf_find_soname(PMF_ZLIB_SONAME z "")

# For files that include report/base/private_library.h: adds the headers of the libraries, and links none
# of them.
add_library(pmf_private_libraries INTERFACE)
target_include_directories(pmf_private_libraries INTERFACE
  $<TARGET_PROPERTY:mimalloc,INTERFACE_INCLUDE_DIRECTORIES>
  ${LIBUNWIND_INCLUDE_DIRS}
  ${LIBELF_INCLUDE_DIRS}
  ${LIBDW_INCLUDE_DIRS})
target_compile_definitions(pmf_private_libraries INTERFACE
  PMF_MIMALLOC_SONAME="${PMF_MIMALLOC_SONAME}"
  PMF_LIBUNWIND_SONAME="${PMF_LIBUNWIND_SONAME}"
  PMF_LIBELF_SONAME="${PMF_LIBELF_SONAME}"
  PMF_LIBDW_SONAME="${PMF_LIBDW_SONAME}"
  PMF_LZMA_SONAME="liblzma.so.5")
target_link_libraries(pmf_private_libraries INTERFACE ${CMAKE_DL_LIBS})

# libiberty is an archive: the two functions that report/symbols calls are linked, and hidden as all of the
# library file that is not exported. They have no constructors, and nothing of them runs in a host.
find_library(PMF_IBERTY_LIBRARY iberty REQUIRED)
find_path(PMF_IBERTY_INCLUDE_DIR demangle.h PATH_SUFFIXES libiberty REQUIRED)
mark_as_advanced(PMF_IBERTY_LIBRARY PMF_IBERTY_INCLUDE_DIR)
add_library(pmf_demangler INTERFACE)
target_include_directories(pmf_demangler SYSTEM INTERFACE ${PMF_IBERTY_INCLUDE_DIR})
target_link_libraries(pmf_demangler INTERFACE ${PMF_IBERTY_LIBRARY})
