# The long versions of tests, which scripts/soak runs: tests named soak.<part>, label "soak", which
# the presets leave out.
#
#   pmf_add_soak(PART COMMAND...)    the command with PMF_LONG=1; a line that it begins with "soak: "
#                                    is what the summary says of the part
function(pmf_add_soak part)
  add_test(NAME soak.${part} COMMAND ${ARGN})
  set_tests_properties(soak.${part} PROPERTIES LABELS soak TIMEOUT 14400 RUN_SERIAL TRUE
    SKIP_RETURN_CODE 77
    ENVIRONMENT "PMF_LONG=1;PYTHONDONTWRITEBYTECODE=1;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support;${PMF_SOAK_ENVIRONMENT}")
endfunction()
