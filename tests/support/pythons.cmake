# The Pythons of this machine, and tests that run under each of them.
#
#   PMF_PYTHONS       the interpreters, from 3.6 on
#   PMF_PYTHON_IDS    a short name of each, in the same order: 3.6.15, debian-3.11.2, 3.13.1t
#                     (free-threaded), debian-3.11.2d (a debug build)
#   pmf_add_python_test(NAME script.py [ONCE] [STABLE_ABI] [TIMEOUT seconds] [ARGUMENTS word...]
#                       [ENVIRONMENT NAME=value...])
#                     one test a Python, named NAME.<id>, label "process". Exit code 77 is a skip.
#                     ONCE: under the last one alone, a release build.
#                     STABLE_ABI: imports a module of ours, which is built once for every Python;
#                     free-threaded ones cannot load it.
#   pmf_add_python_cases(NAME script.py ...)   the same, each test of the script's unittest classes by
#                     itself: NAME.<class>.<test>.<id>, so that a skip is seen as one
#
# Found are those of pyenv and /usr/bin; -DPYMEMFLOW_PYTHONS="path;path" takes these instead.
include_guard(DIRECTORY)

set(PYMEMFLOW_PYTHONS "" CACHE STRING "Pythons to test under, instead of all that are found")

function(_pmf_python_candidates out)
  if(PYMEMFLOW_PYTHONS)
    set(${out} ${PYMEMFLOW_PYTHONS} PARENT_SCOPE)
    return()
  endif()
  find_program(PMF_PYENV pyenv HINTS "$ENV{PYENV_ROOT}/bin" "$ENV{HOME}/.pyenv/bin")
  mark_as_advanced(PMF_PYENV)
  set(root "$ENV{HOME}/.pyenv")
  if(PMF_PYENV)
    execute_process(COMMAND ${PMF_PYENV} root OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  file(GLOB candidates "${root}/versions/*/bin/python3.*" /usr/bin/python3.*)
  # Debug builds (d, -dbg) and free-threaded ones (t) too; not python3.11-config, nor python3.6m,
  # which is python3.6.
  list(FILTER candidates INCLUDE REGEX "/python3\\.([6-9]|[0-9][0-9])(t|d|-dbg)?$")
  list(SORT candidates COMPARE NATURAL)
  set(${out} ${candidates} PARENT_SCOPE)
endfunction()

# "3.11.2" to `version` ("3.13.1t" free-threaded, "3.11.2d" a debug build), empty when it does not
# run.
function(_pmf_python_version python version)
  execute_process(
    COMMAND ${python} -c "import sys, ctypes, sysconfig; print('%d.%d.%d%s' % (sys.version_info[:3]
+ ('t' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')) + 'd' * hasattr(sys, 'gettotalrefcount'),)))"
    OUTPUT_VARIABLE text RESULT_VARIABLE result ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL 0)
    message(STATUS "${python} does not run, or has no ctypes: not tested")
    set(text "")
  endif()
  set(${version} "${text}" PARENT_SCOPE)
endfunction()

function(_pmf_system_name out)
  set(name system)
  if(EXISTS /etc/os-release)
    file(STRINGS /etc/os-release line REGEX "^ID=")
    string(REGEX REPLACE "^ID=\"?([a-z0-9._-]+)\"?$" "\\1" name "${line}")
  endif()
  set(${out} "${name}" PARENT_SCOPE)
endfunction()

function(_pmf_find_pythons)
  _pmf_python_candidates(candidates)
  _pmf_system_name(system)
  foreach(python IN LISTS candidates)
    # One interpreter may have several names: python3.11-dbg is python3.11d, and a free-threaded
    # python3.13t is python3.13 too.
    file(REAL_PATH ${python} file)
    if(file IN_LIST files OR EXISTS ${python}t)
      continue()
    endif()
    list(APPEND files ${file})
    _pmf_python_version(${python} version)
    if(NOT version)
      continue()
    endif()
    string(REGEX REPLACE "\\.[0-9]+(t?d?)$" "\\1" minor "${version}")
    list(APPEND minors ${minor})
    set(id ${version})
    if(python MATCHES "^/usr/bin/")
      set(id ${system}-${version})
    endif()
    set(number 2)
    while(id IN_LIST ids)
      set(id ${version}-${number})
      math(EXPR number "${number} + 1")
    endwhile()
    # Release builds last: what needs but one Python takes the last one.
    if(id MATCHES "[td]$")
      list(PREPEND pythons ${python})
      list(PREPEND ids ${id})
    else()
      list(APPEND pythons ${python})
      list(APPEND ids ${id})
    endif()
  endforeach()
  set(missing "")
  set(table ${PROJECT_SOURCE_DIR}/pyframe/layouts/versions.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
  file(STRINGS ${table} rows REGEX "^PMF_PYTHON")
  list(TRANSFORM rows REPLACE "^PMF_PYTHON.([0-9]+), ([0-9]+),.*" "\\1.\\2")
  foreach(minor IN LISTS rows)
    if(NOT minor IN_LIST minors)
      list(APPEND missing ${minor})
    endif()
  endforeach()
  list(JOIN ids " " text)
  message(STATUS "Pythons to test under: ${text}")
  if(missing)
    list(JOIN missing " " text)
    message(STATUS "Pythons not found, so not tested: ${text}")
  endif()
  set(PMF_PYTHONS ${pythons} PARENT_SCOPE)
  set(PMF_PYTHON_IDS ${ids} PARENT_SCOPE)
endfunction()

function(pmf_add_python_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 arg "ONCE;STABLE_ABI" "TIMEOUT" "ARGUMENTS;ENVIRONMENT")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  get_filename_component(script ${script} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  set(pythons ${PMF_PYTHONS})
  set(ids ${PMF_PYTHON_IDS})
  if(arg_ONCE)
    list(GET PMF_PYTHONS -1 pythons)
    list(GET PMF_PYTHON_IDS -1 ids)
  endif()
  foreach(python id IN ZIP_LISTS pythons ids)
    if(arg_STABLE_ABI AND id MATCHES "[0-9]td?$")
      string(REGEX REPLACE "\\..*" "" group ${name})
      get_property(said GLOBAL PROPERTY PMF_SAID_OF_${group}_${id})
      if(NOT said)
        message(STATUS "${group} is not run under ${id}, which has no stable ABI")
        set_property(GLOBAL PROPERTY PMF_SAID_OF_${group}_${id} ON)
      endif()
      continue()
    endif()
    # A debug build's allocators ask malloc() for more than they are asked for, unless told not to.
    set(allocator "")
    if(id MATCHES "d$")
      set(allocator "PYTHONMALLOC=pymalloc")
    endif()
    add_test(NAME ${name}.${id} COMMAND ${python} ${script} ${arg_ARGUMENTS})
    set_tests_properties(${name}.${id} PROPERTIES
      LABELS process TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
      ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support;${allocator};${arg_ENVIRONMENT}")
  endforeach()
endfunction()

function(pmf_add_python_cases name script)
  get_filename_component(path ${script} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(STRINGS ${path} lines REGEX "^(class [A-Za-z]+|    def test_)")
  foreach(line IN LISTS lines)
    if(line MATCHES "^class ([A-Za-z]+)")
      set(class ${CMAKE_MATCH_1})
    elseif(line MATCHES "def (test_[a-z0-9_]+)")
      pmf_add_python_test(${name}.${class}.${CMAKE_MATCH_1} ${script}
        ARGUMENTS ${class}.${CMAKE_MATCH_1} ${ARGN})
    endif()
  endforeach()
endfunction()

_pmf_find_pythons()
