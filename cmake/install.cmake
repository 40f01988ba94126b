# Rules for `cmake --install`, and the Debian package that cpack makes from its files.
#
#   bin/pymemflow                          the command
#   lib/pymemflow/libpymemflow.so          the library, in a folder of its own: programs do not link it
#                                          (Debian: lib/x86_64-linux-gnu/pymemflow)
#   include/pymemflow/api.h                the C interface
#   lib/cmake/pymemflow, lib/pkgconfig     where a build finds these
#   share/man, share/bash-completion, ...  written by the command itself
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(PYMEMFLOW_ZSH_COMPLETIONS "" CACHE STRING
  "Folder of zsh's completions, from the prefix; empty: the one that the system's zsh reads")
if(PYMEMFLOW_ZSH_COMPLETIONS)
  set(zsh_completions ${PYMEMFLOW_ZSH_COMPLETIONS})
elseif(EXISTS /etc/debian_version)
  set(zsh_completions ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
else()
  set(zsh_completions ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()

# The command looks for the library beside itself, as in the build folder, and then here.
set(processor_folder ${CMAKE_INSTALL_LIBDIR})
# Debian keeps private libraries below the folder of their processor; cpack adds a call of ldconfig to a
# package that has one right below lib.
if(EXISTS /etc/debian_version AND CMAKE_LIBRARY_ARCHITECTURE AND
   NOT processor_folder MATCHES "/${CMAKE_LIBRARY_ARCHITECTURE}$")
  string(APPEND processor_folder /${CMAKE_LIBRARY_ARCHITECTURE})
endif()
set(library_folder ${processor_folder}/pymemflow)
cmake_path(RELATIVE_PATH library_folder BASE_DIRECTORY ${CMAKE_INSTALL_BINDIR}
           OUTPUT_VARIABLE from_command)
set_source_files_properties(cli/launch/traced_program.cpp DIRECTORY cli PROPERTIES
  COMPILE_DEFINITIONS PMF_LIBRARY_FOLDER="${from_command}")
if(SKBUILD OR PYMEMFLOW_SANITIZE)
  return()
endif()

install(TARGETS pymemflow_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS pymemflow LIBRARY DESTINATION ${library_folder})
install(FILES interpose/library/api.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pymemflow)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/pymemflow)

# Where a build finds the header, the library and the command.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/pymemflow)
set(command ${CMAKE_INSTALL_BINDIR}/pymemflow${CMAKE_EXECUTABLE_SUFFIX})
set(library ${library_folder}/libpymemflow${CMAKE_SHARED_LIBRARY_SUFFIX})
configure_package_config_file(cmake/pymemflow-config.cmake.in
  ${PROJECT_BINARY_DIR}/install/pymemflow-config.cmake
  INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR command library
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/install/pymemflow-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/install/pymemflow-config.cmake
              ${PROJECT_BINARY_DIR}/install/pymemflow-config-version.cmake
        DESTINATION ${package})
# It names the library, which depends on the processor.
set(pkgconfig ${processor_folder}/pkgconfig)
file(RELATIVE_PATH prefix /${pkgconfig} /)
string(REGEX REPLACE "/+$" "" prefix "${prefix}")
configure_file(cmake/pymemflow.pc.in ${PROJECT_BINARY_DIR}/install/pymemflow.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/install/pymemflow.pc DESTINATION ${pkgconfig})

# The manual page and the completions, written by the command: not where it cannot run.
function(pmf_install_output file destination name)
  set(output ${PROJECT_BINARY_DIR}/install/${file})
  add_custom_command(OUTPUT ${output} COMMAND pymemflow_command ${ARGN} > ${output}
                     DEPENDS pymemflow_command)
  set_property(GLOBAL APPEND PROPERTY PMF_COMMAND_OUTPUT ${output})
  install(FILES ${output} DESTINATION ${destination} RENAME ${name})
endfunction()

if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  set(data ${CMAKE_INSTALL_DATADIR})
  pmf_install_output(pymemflow.bash ${data}/bash-completion/completions pymemflow completion bash)
  pmf_install_output(pymemflow.zsh ${zsh_completions} _pymemflow completion zsh)
  pmf_install_output(pymemflow.fish ${data}/fish/vendor_completions.d pymemflow.fish completion fish)
  set(page ${PROJECT_BINARY_DIR}/install/pymemflow.1)
  add_custom_command(OUTPUT ${page}.gz
    COMMAND pymemflow_command manual > ${page} COMMAND gzip -9nf ${page}
    DEPENDS pymemflow_command)
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  get_property(outputs GLOBAL PROPERTY PMF_COMMAND_OUTPUT)
  add_custom_target(command_output ALL DEPENDS ${outputs} ${page}.gz)
endif()

include(cmake/debian.cmake)
include(CPack)
