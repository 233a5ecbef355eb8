# Writes to OUT what the JSON of a campaign, in IN, says of a mutant, a value a line: the number of
# its seeds, that of the seeds in which MARK was passed, and for each group of failures its cheapest
# seed and its signature. CMake reads JSON, and is there wherever the project can be built.

file(READ "${IN}" campaign)
string(JSON seeds GET "${campaign}" seeds)
string(JSON armed ERROR_VARIABLE absent GET "${campaign}" runs_with_mark "${MARK}")
if(absent)
  set(armed 0)
endif()
file(WRITE "${OUT}" "${seeds}\n${armed}\n")

string(JSON groups LENGTH "${campaign}" groups)
if(groups GREATER 0)
  math(EXPR last "${groups} - 1")
  foreach(i RANGE ${last})
    string(JSON signature GET "${campaign}" groups ${i} signature)
    string(JSON seed GET "${campaign}" groups ${i} cheapest_seed)
    file(APPEND "${OUT}" "${seed} ${signature}\n")
  endforeach()
endif()
string(JSON differences LENGTH "${campaign}" determinism_differences)
if(differences GREATER 0)
  file(APPEND "${OUT}" "- DET-1/different\n")
endif()
