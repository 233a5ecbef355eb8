# What ctest runs for `millrace_discover_scenarios`, before its first test.

function(millrace_add_scenario_tests target program seeds labels repros timeout folder)
  if(NOT EXISTS "${program}")
    add_test("${target}.scenarios_NOT_BUILT" "${program}_NOT_BUILT")
    return()
  endif()

  execute_process(COMMAND "${program}" list scenarios --json
    WORKING_DIRECTORY "${folder}" OUTPUT_VARIABLE listed RESULT_VARIABLE status TIMEOUT 60)
  string(JSON count ERROR_VARIABLE problem LENGTH "${listed}" scenarios)
  if(NOT status EQUAL 0 OR problem)
    message(FATAL_ERROR "${program} list scenarios --json: status ${status}, ${problem}")
  endif()
  set(tests "")
  set(index 0)
  while(index LESS count)
    string(JSON name GET "${listed}" scenarios ${index} name)
    set(test "${target}.scenario.${name}")
    add_test("${test}" "${program}" campaign "${name}" --seeds "${seeds}"
      --out "${folder}/millrace-out/${test}")
    list(APPEND tests "${test}")
    math(EXPR index "${index} + 1")
  endwhile()

  file(GLOB_RECURSE files RELATIVE "${repros}" "${repros}/*.repro.json")
  foreach(file IN LISTS files)
    string(REGEX REPLACE "\\.repro\\.json$" "" name "${file}")
    string(REPLACE "/" "." name "${name}")
    set(test "${target}.repro.${name}")
    add_test("${test}" "${program}" replay "${repros}/${file}" --out "${folder}/millrace-out/${test}")
    list(APPEND tests "${test}")
  endforeach()

  foreach(test IN LISTS tests)
    set_tests_properties("${test}" PROPERTIES
      WORKING_DIRECTORY "${folder}" TIMEOUT "${timeout}" LABELS "${labels}")
  endforeach()
endfunction()
