# Cross-builds for macOS 12 and later with zig's C++ compiler, which carries macOS headers and linker
# stubs. scripts/build-macos fetches it, and puts its tools where this looks for them. The presets say
# which architecture.
set(CMAKE_SYSTEM_NAME Darwin)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PMF_MACOS_ARCHITECTURE)
set(CMAKE_SYSTEM_PROCESSOR ${PMF_MACOS_ARCHITECTURE})
get_filename_component(tools ${CMAKE_CURRENT_LIST_DIR}/../build/macos-tools ABSOLUTE)
set(CMAKE_C_COMPILER ${tools}/${PMF_MACOS_ARCHITECTURE}-cc)
set(CMAKE_CXX_COMPILER ${tools}/${PMF_MACOS_ARCHITECTURE}-c++)
set(CMAKE_AR ${tools}/ar)
set(CMAKE_RANLIB ${tools}/ranlib)
set(CMAKE_INSTALL_NAME_TOOL ${tools}/unused)  # asked for, and never called
# Its own linker knows neither of what CMake asks of Apple's.
set(CMAKE_PLATFORM_HAS_INSTALLNAME FALSE)
set(CMAKE_OSX_SYSROOT "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "")
set(CMAKE_OSX_ARCHITECTURES "")
set(CMAKE_FIND_ROOT_PATH ${tools}/nothing)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
