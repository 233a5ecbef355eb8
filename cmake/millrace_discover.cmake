# Scenarios and kept failures as tests of ctest.
#
#   millrace_discover_scenarios(TARGET [SEEDS n] [LABELS label...] [REPROS dir] [TIMEOUT seconds])
#
# TARGET is a program whose main is millrace::main. When ctest starts, each scenario that
# `TARGET list scenarios --json` names becomes the test TARGET.scenario.NAME (a campaign of SEEDS
# seeds, by default 20), and each *.repro.json below REPROS (by default tests/repros of the project)
# the test TARGET.repro.FOLDER.NAME (a replay, which passes when the failure is gone). A new scenario
# or repro needs no new configuration. An inconclusive run fails its test.

set(MILLRACE_DISCOVER_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/millrace_discover_script.cmake")

function(millrace_discover_scenarios TARGET)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "SEEDS;REPROS;TIMEOUT" "LABELS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "millrace_discover_scenarios: unknown argument ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_SEEDS)
    set(ARG_SEEDS 20)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 1800)
  endif()
  if(NOT ARG_REPROS)
    set(ARG_REPROS "${PROJECT_SOURCE_DIR}/tests/repros")
  endif()
  get_filename_component(repros "${ARG_REPROS}" ABSOLUTE)
  set(include_file "${CMAKE_CURRENT_BINARY_DIR}/${TARGET}_scenarios.cmake")
  file(GENERATE OUTPUT "${include_file}" CONTENT "include([==[${MILLRACE_DISCOVER_SCRIPT}]==])
millrace_add_scenario_tests([==[${TARGET}]==] [==[$<TARGET_FILE:${TARGET}>]==] [==[${ARG_SEEDS}]==]
  [==[${ARG_LABELS}]==] [==[${repros}]==] [==[${ARG_TIMEOUT}]==] [==[${CMAKE_CURRENT_BINARY_DIR}]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include_file}")
endfunction()
