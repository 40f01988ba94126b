# The long versions of C++ tests and the fuzzers, which scripts/soak runs: tests named soak.<part>, label
# "soak", which the presets leave out. pytest has those of the process tests (--soak).
#
#   pmf_add_soak(PART COMMAND...)    the command with PMF_LONG=1; a line that it begins with "soak: "
#                                    is in the summary of the part
function(pmf_add_soak part)
  add_test(NAME soak.${part} COMMAND ${ARGN})
  set_tests_properties(soak.${part} PROPERTIES LABELS soak TIMEOUT 14400 RUN_SERIAL TRUE
    SKIP_RETURN_CODE 77 ENVIRONMENT PMF_LONG=1)
endfunction()
