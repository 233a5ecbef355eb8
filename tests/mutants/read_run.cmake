# Writes to OUT the ids of the properties that objected in a run, a line each; IN has the run's JSON.

file(READ "${IN}" run)
file(WRITE "${OUT}" "")
string(JSON count LENGTH "${run}" properties)
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  string(JSON verdict GET "${run}" properties ${i} verdict)
  if(verdict STREQUAL "failed")
    string(JSON id GET "${run}" properties ${i} id)
    file(APPEND "${OUT}" "${id}\n")
  endif()
endforeach()
