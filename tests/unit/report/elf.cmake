# Tests of the code that reads ELF files and opens libraries privately, and the files that they need.

set(fixture ${CMAKE_CURRENT_SOURCE_DIR}/fixtures/symbols_fixture)

add_library(whole MODULE ${fixture}.c)
target_link_options(whole PRIVATE LINKER:--version-script=${fixture}.map)
set_target_properties(whole PROPERTIES LINK_DEPENDS ${fixture}.map)
add_executable(symbols_program ${fixture}.c)
add_executable(symbols_program_fixed ${fixture}.c)
target_compile_options(symbols_program_fixed PRIVATE -fno-pie)
target_link_options(symbols_program_fixed PRIVATE -no-pie)
set_target_properties(symbols_program_fixed PROPERTIES POSITION_INDEPENDENT_CODE OFF)
foreach(program symbols_program symbols_program_fixed)
  target_compile_definitions(${program} PRIVATE FIXTURE_MAIN)
  target_link_options(${program} PRIVATE LINKER:--version-script=${fixture}.map)
endforeach()

set(stripped ${CMAKE_CURRENT_BINARY_DIR}/libstripped.so)
add_custom_command(OUTPUT ${stripped}
  COMMAND ${CMAKE_STRIP} -o ${stripped} $<TARGET_FILE:whole>
  DEPENDS whole VERBATIM)

# A library like those of Fedora and RHEL: stripped, with the names of functions in a compressed section.
find_program(XZ xz)
set(mini_debug ${CMAKE_CURRENT_BINARY_DIR}/libminidebug.so)
if(XZ AND CMAKE_OBJCOPY)
  add_custom_command(OUTPUT ${mini_debug}
    COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:whole> mini_debug_data
    COMMAND ${CMAKE_OBJCOPY} -S --keep-symbol=static_function mini_debug_data
    COMMAND ${XZ} -f mini_debug_data
    COMMAND ${CMAKE_OBJCOPY} --add-section .gnu_debugdata=mini_debug_data.xz
      ${stripped} ${mini_debug}
    DEPENDS ${stripped} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} VERBATIM)
  add_custom_target(mini_debug_fixture ALL DEPENDS ${mini_debug})
endif()
add_custom_target(stripped_fixture ALL DEPENDS ${stripped})

# The same test for a machine without mimalloc.
add_executable(memory_fallback_test memory_test.cpp
  ${PROJECT_SOURCE_DIR}/report/base/memory.cpp
  ${PROJECT_SOURCE_DIR}/report/base/linux/page_heap.cpp
  ${PROJECT_SOURCE_DIR}/report/base/linux/private_heap.cpp
  ${PROJECT_SOURCE_DIR}/report/base/private_library.cpp
  ${PROJECT_SOURCE_DIR}/report/base/role.cpp)
target_link_libraries(memory_fallback_test PRIVATE
  pmf_build_flags pmf_private_libraries pmf_test_headers GTest::gtest_main)
target_include_directories(memory_fallback_test PRIVATE ${PROJECT_BINARY_DIR}/layers/report_base)
target_compile_definitions(memory_fallback_test PRIVATE PMF_EXPECT_PRIVATE_HEAP=0)
target_compile_options(memory_fallback_test PRIVATE
  -UPMF_MIMALLOC_SONAME "-DPMF_MIMALLOC_SONAME=\"libpymemflow-is-not-there.so\"")
gtest_discover_tests(memory_fallback_test
  TEST_PREFIX fallback. PROPERTIES LABELS unit TIMEOUT 120)

pmf_unit_test(name_request pmf_report)
add_subdirectory(symbols)
pmf_unit_test(private_library pmf_report pmf_private_libraries)

pmf_unit_test(symbols pmf_report pmf_fmt)
add_dependencies(symbols_test stripped_fixture symbols_program symbols_program_fixed)
target_compile_definitions(symbols_test PRIVATE
  PMF_FIXTURE_WHOLE="$<TARGET_FILE:whole>"
  PMF_FIXTURE_STRIPPED="${stripped}"
  PMF_FIXTURE_PROGRAM="$<TARGET_FILE:symbols_program>"
  PMF_FIXTURE_PROGRAM_FIXED="$<TARGET_FILE:symbols_program_fixed>")
if(TARGET mini_debug_fixture)
  add_dependencies(symbols_test mini_debug_fixture)
  target_compile_definitions(symbols_test PRIVATE PMF_FIXTURE_MINI_DEBUG="${mini_debug}")
endif()
