# The printing half of report/.

pmf_unit_test(quantize pmf_report)
pmf_unit_test(names pmf_report)
pmf_unit_test(output pmf_report)
pmf_unit_test(flow_lines pmf_report)
pmf_unit_test(distributions pmf_report)
pmf_unit_test(compat pmf_report)
pmf_unit_test(ledger pmf_report)
pmf_unit_test(exemptions pmf_report)
pmf_unit_test(imports pmf_report)
pmf_unit_test(formats pmf_report)
pmf_unit_test(profile pmf_report)

pmf_unit_test(dtrace_print pmf_report)
target_compile_definitions(dtrace_print_test PRIVATE
  PMF_CONFORMANCE_FOLDER="${PROJECT_SOURCE_DIR}/tests/conformance/print")

pmf_unit_test(memory pmf_report)
target_compile_definitions(memory_test PRIVATE PMF_EXPECT_PRIVATE_HEAP=1)

if(NOT APPLE)
  include(report_elf.cmake)
endif()
