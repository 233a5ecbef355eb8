# Writes to OUT what the JSON of `run --shrink`, in IN, says of the small repro, a value a line: its
# operations, faults and machines, and the tenths of a second that it took to get there. Without a
# reduction, for the run passed, OUT stays away.

file(READ "${IN}" run)
string(JSON type TYPE "${run}" shrunk)
if(type STREQUAL "OBJECT")
  string(JSON operations GET "${run}" shrunk operations)
  string(JSON faults GET "${run}" shrunk faults)
  string(JSON machines GET "${run}" shrunk machines)
  string(JSON wall_ns GET "${run}" shrunk wall_ns)
  math(EXPR tenths "${wall_ns} / 100000000")
  file(WRITE "${OUT}" "${operations}\n${faults}\n${machines}\n${tenths}\n")
endif()
