# The Debian package: `cpack --config build/release/CPackConfig.cmake -B build/release`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The pymemflow authors")
set(PYMEMFLOW_MAINTAINER "The pymemflow authors <pymemflow@packages.invalid>" CACHE STRING
  "Name and mail address of whoever builds the Debian package")
set(CPACK_PACKAGE_CONTACT ${PYMEMFLOW_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "trace malloc and free of Python programs")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"pymemflow records every malloc and free of a Python process and shows the
line of Python behind each of them. The program is run as it is: a library
is preloaded. It prints the output of DTrace's script
py_flow_malloc_free.d, profiles of live memory, and a verdict on leaks for
continuous integration.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
find_program(PMF_DPKG_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(PMF_DPKG_SHLIBDEPS)
if(PMF_DPKG_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
else()
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6, libstdc++6")
endif()
# Opened at run time (report/base/private_libraries.cmake), so that nothing links them.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libdw1, libelf1, liblzma5, libmimalloc2.0, libunwind8, libzstd1, zlib1g")

# The documentation that Debian requires of a package.
if(EXISTS /etc/debian_version)
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
  set(changelog ${PROJECT_BINARY_DIR}/install/changelog.Debian)
  file(WRITE ${changelog} "pymemflow (${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Release ${PROJECT_VERSION}: changelog.gz lists the changes.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
  file(READ LICENSE license)
  string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
  string(REGEX REPLACE "\n([^\n])" "\n \\1" license "\n${license}")
  file(WRITE ${PROJECT_BINARY_DIR}/install/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pymemflow

Files: *
Copyright: the pymemflow authors
License: Expat${license}

Files: third_party/uplot/*
Copyright: 2022 Leon Sorokin
License: Expat")
  configure_file(CHANGELOG.md ${PROJECT_BINARY_DIR}/install/changelog COPYONLY)
  foreach(file changelog changelog.Debian)
    execute_process(COMMAND gzip -9nf ${PROJECT_BINARY_DIR}/install/${file} COMMAND_ERROR_IS_FATAL ANY)
    install(FILES ${PROJECT_BINARY_DIR}/install/${file}.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/pymemflow)
  endforeach()
  install(FILES ${PROJECT_BINARY_DIR}/install/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/pymemflow)
endif()
