# The layers of the code. A folder of sources is a target, and its include path holds its own headers
# and those of the layers that it sees. An include of any other layer does not compile.
#
#   pmf_layer(FOLDER [OBJECTS] [SOURCES file...] [SEES folder...] [LINKS target...])
#
#   FOLDER    from the project's root: interpose/recording. The target is pmf_interpose_recording.
#   OBJECTS   the target is a library of objects, all of which are linked
#   SOURCES   relative to FOLDER; none: the layer consists of headers and tables alone
#   SEES      the layers that its files may include; a file that sees this layer sees those too
#   LINKS     other targets, for this layer's own files: compiler flags, libraries
#
# Headers are reached through links in the build folder, one per header: the folder itself would bring
# the layers in its sub-folders along.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/precompiled.cmake)

function(pmf_layer folder)
  cmake_parse_arguments(PARSE_ARGV 1 layer "OBJECTS" "" "SOURCES;SEES;LINKS")
  string(REPLACE "/" "_" name ${folder})
  set(target pmf_${name})
  set(headers ${PROJECT_BINARY_DIR}/layers/${name})
  pmf_link_headers(${folder} ${headers})

  set(seen "")
  foreach(other IN LISTS layer_SEES)
    string(REPLACE "/" "_" other ${other})
    list(APPEND seen pmf_${other})
  endforeach()
  if(layer_SOURCES)
    list(TRANSFORM layer_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/${folder}/)
    set(kind STATIC)
    if(layer_OBJECTS)
      set(kind OBJECT)
    endif()
    add_library(${target} ${kind} ${layer_SOURCES})
    target_include_directories(${target} PUBLIC ${headers})
    target_link_libraries(${target} PUBLIC ${seen} PRIVATE ${layer_LINKS})
    # Half of the compiler's time for these layers is spent on headers and templates that the files share.
    # The commands stay apart: each file has an Arguments and a run() of its own.
    if(PYMEMFLOW_UNITY_BUILD AND folder MATCHES "^(report|cli)/" AND NOT folder STREQUAL cli/commands)
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
    endif()
    if(folder MATCHES "^cli/")
      # A command spends its time in the layers of report/. A fifth of the compiler's work is saved.
      if(PYMEMFLOW_UNITY_BUILD)
        target_compile_options(${target} PRIVATE -O1)
      endif()
      pmf_precompile(${target} cli pmf_build_flags <cstdio> <filesystem> <functional> <map>)
    else()
      pmf_precompile(${target} host pmf_host_flags)
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${headers})
    target_link_libraries(${target} INTERFACE ${seen})
  endif()
endfunction()

# Sets RESULT to one file NAME.cpp for each row MACRO(NAME, ...) of a table, whose rows begin a line.
function(pmf_files_of_rows table macro result)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
  file(STRINGS ${table} rows REGEX "^${macro}\\([a-z]+,")
  list(TRANSFORM rows REPLACE "^${macro}\\(([a-z]+),.*" "\\1.cpp")
  set(${result} ${rows} PARENT_SCOPE)
endfunction()

# Makes INTO/FOLDER/x.h a link to each header and table x.h of the folder, its own linux/ and macos/
# included.
function(pmf_link_headers folder into)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
    ${PROJECT_SOURCE_DIR}/${folder}/*.h ${PROJECT_SOURCE_DIR}/${folder}/*.def
    ${PROJECT_SOURCE_DIR}/${folder}/linux/*.h ${PROJECT_SOURCE_DIR}/${folder}/macos/*.h)
  file(REMOVE_RECURSE ${into})
  foreach(file IN LISTS files)
    get_filename_component(place ${into}/${file} DIRECTORY)
    file(MAKE_DIRECTORY ${place})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${file} ${into}/${file} SYMBOLIC)
  endforeach()
endfunction()
